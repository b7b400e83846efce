import DistillCore
import Synchronization

/// What a training tells whoever watches it.
public enum TrainingEvent: Sendable {
  case began(phase: String, epochs: Int, stepsPerEpoch: Int, resumedAtStep: Int)
  case step(StepRecord)
  case epoch(EpochRecord)
  case stage(StageRecord)
  case ended(phase: String, bestEpoch: Int, seconds: Double)
  /// Something long that is not a training: `done` of `total`.
  case progress(what: String, done: Int, total: Int)
  case note(String)
}
