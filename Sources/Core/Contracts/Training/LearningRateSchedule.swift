/// The course of the learning rate after the warm-up.
public enum LearningRateSchedule: String, CaseIterable, Sendable, OptionValue {
  case linear, cosine, constant
}
