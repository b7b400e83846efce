/// The outcome of a training.
public struct TrainingSummary: Sendable {
  /// The number of epochs that were finished. It is smaller than requested if `patience` ended the training.
  public let epochs: Int
  public let steps: Int
  /// The epoch whose parameters were kept, counted from 1.
  public let bestEpoch: Int
  /// The scores of the best epoch on the validation set.
  public let scores: [Score]
  public let seconds: Double

  public init(epochs: Int, steps: Int, bestEpoch: Int, scores: [Score], seconds: Double) {
    (self.epochs, self.steps, self.bestEpoch, self.scores, self.seconds) = (epochs, steps, bestEpoch, scores, seconds)
  }
}
