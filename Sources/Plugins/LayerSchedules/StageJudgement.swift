import DistillCore

/// The times at which a stage's loss is compared with the threshold.
public enum StageJudgement: String, CaseIterable, Sendable, OptionValue {
  /// After every step, with the loss of that step.
  case step
  /// At the end of every epoch, with the mean loss of its steps in the stage.
  case epoch
}
