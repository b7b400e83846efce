import DistillCore
import Synchronization

/// One epoch, as it stands in `metrics.jsonl`: means over its steps, of a term over those in which it counted, and figures on
/// the validation set.
public struct EpochRecord: Sendable, Codable {
  public var event = "epoch"
  public let phase: String
  public let epoch: Int
  public let step: Int
  public let loss: Double
  public let terms: [String: Double]
  public let scores: [String: Double]
  public let isBest: Bool
  public let seconds: Double

  enum CodingKeys: String, CodingKey {
    case event, phase, epoch, step, loss, terms, scores, seconds
    case isBest = "is_best"
  }
}
