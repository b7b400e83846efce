/// Where a training stands.
public struct TrainingProgress: Sendable, Equatable {
  /// Epochs finished.
  public var epoch: Int
  /// Steps finished, in all epochs.
  public var step: Int
  public var stepsPerEpoch: Int

  public init(epoch: Int, step: Int, stepsPerEpoch: Int) {
    (self.epoch, self.step, self.stepsPerEpoch) = (epoch, step, stepsPerEpoch)
  }
}
