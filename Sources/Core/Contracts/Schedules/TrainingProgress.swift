/// The number of epochs and steps that a training has finished.
public struct TrainingProgress: Sendable, Equatable {
  /// The number of finished epochs.
  public var epoch: Int
  /// The number of finished steps, over all epochs.
  public var step: Int
  public var stepsPerEpoch: Int
  /// The number of steps of the whole training.
  public var totalSteps: Int

  public init(epoch: Int, step: Int, stepsPerEpoch: Int, totalSteps: Int) {
    (self.epoch, self.step, self.stepsPerEpoch, self.totalSteps) = (epoch, step, stepsPerEpoch, totalSteps)
  }
}
