import DistillCore
import DistillTraining

/// What one way of answering scored on the validation set, and what it costs.
public struct EvaluationRow: Sendable, Codable {
  public let name: String
  public let scores: [Score]
  public let parameters: Int
  /// Sequences per second, in batches.
  public let speed: Double
}
