/// How the learning rate goes after the warm-up.
public enum LearningRateSchedule: String, CaseIterable, Sendable, OptionValue {
  case linear, cosine, constant
}
