/// The number of epochs and steps that a training has finished.
public struct TrainingProgress: Sendable, Equatable {
  /// The number of finished epochs.
  public var epoch: Int
  /// The number of finished steps, over all epochs.
  public var step: Int
  public var stepsPerEpoch: Int

  public init(epoch: Int, step: Int, stepsPerEpoch: Int) {
    (self.epoch, self.step, self.stepsPerEpoch) = (epoch, step, stepsPerEpoch)
  }
}
