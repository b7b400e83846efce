import DistillCore
import Synchronization

/// A schedule's move to another stage, as it stands in `metrics.jsonl` behind the step or epoch that caused it.
public struct StageRecord: Sendable, Codable {
  public var event = "stage"
  public let phase: String
  public let epoch: Int
  public let step: Int
  /// What is learnt from here on.
  public let stage: String
  public let reason: String

  enum CodingKeys: String, CodingKey { case event, phase, epoch, step, stage, reason }
}
