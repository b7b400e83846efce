import DistillCore
import Synchronization

/// An event of a training or a run, for progress displays and logs.
public enum TrainingEvent: Sendable {
  case began(phase: String, epochs: Int, stepsPerEpoch: Int, resumedAtStep: Int)
  case step(StepRecord)
  case epoch(EpochRecord)
  case stage(StageRecord)
  case ended(phase: String, bestEpoch: Int, seconds: Double)
  /// Progress of long work other than training, such as the teacher's answers: `done` of `total` examples.
  case progress(what: String, done: Int, total: Int)
  /// A message for the user.
  case note(String)
}
