import DistillCore
import Synchronization

/// The line in `metrics.jsonl` about one step.
public struct StepRecord: Sendable, Codable {
  public var event = "step"
  public let phase: String
  public let epoch: Int
  public let step: Int
  public let loss: Double
  public let terms: [String: Double]
  public let learningRate: Double
  public let gradientNorm: Double
  public let seconds: Double

  enum CodingKeys: String, CodingKey {
    case event, phase, epoch, step, loss, terms, seconds
    case learningRate = "learning_rate"
    case gradientNorm = "gradient_norm"
  }
}
