import DistillCore

/// When a stage is judged by its threshold.
public enum StageJudgement: String, CaseIterable, Sendable, OptionValue {
  /// After every step, by that step's figure.
  case step
  /// At the end of every epoch, by the mean of its steps in the stage.
  case epoch
}
