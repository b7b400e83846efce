import DistillCore
import Synchronization

/// The line in `metrics.jsonl` about one epoch, with its scores on the validation set.
///
/// The loss is a mean over the steps of the epoch. The value of a term is a mean over the steps in which the term was active.
public struct EpochRecord: Sendable, Codable {
  public var event = "epoch"
  public let phase: String
  /// The epoch, counted from 1.
  public let epoch: Int
  /// The number of finished steps, over all epochs.
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
