import DistillCore
import DistillTraining

/// The scores and the cost of one way of answering on the validation set.
public struct EvaluationRow: Sendable, Codable {
  /// The way of answering: `teacher`, `student` or `student + knowledge base`.
  public let name: String
  public let scores: [Score]
  /// The number of parameters of the model.
  public let parameters: Int
  /// The number of sequences per second when they are processed in batches.
  public let speed: Double
}
