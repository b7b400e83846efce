import DistillCore
import DistillTraining

/// The scores and the cost of one way of answering on the validation set.
public struct EvaluationRow: Sendable, Codable {
  public let name: String
  public let scores: [Score]
  public let parameters: Int
  /// The number of sequences per second when they are processed in batches.
  public let speed: Double
}
