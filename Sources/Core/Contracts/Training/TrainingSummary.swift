/// How a training ended.
public struct TrainingSummary: Sendable {
  public let epochs: Int
  public let steps: Int
  /// Epoch of the parameters that were kept, counted from 1.
  public let bestEpoch: Int
  public let scores: [Score]
  public let seconds: Double

  public init(epochs: Int, steps: Int, bestEpoch: Int, scores: [Score], seconds: Double) {
    (self.epochs, self.steps, self.bestEpoch, self.scores, self.seconds) = (epochs, steps, bestEpoch, scores, seconds)
  }
}
