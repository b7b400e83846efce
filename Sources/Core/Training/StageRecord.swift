import DistillCore
import Synchronization

/// The line in `metrics.jsonl` about a schedule's move to another stage. It follows the line of the step or epoch that caused
/// the move.
public struct StageRecord: Sendable, Codable {
  public var event = "stage"
  public let phase: String
  public let epoch: Int
  public let step: Int
  /// A name for what is trained from now on.
  public let stage: String
  public let reason: String

  enum CodingKeys: String, CodingKey { case event, phase, epoch, step, stage, reason }
}
