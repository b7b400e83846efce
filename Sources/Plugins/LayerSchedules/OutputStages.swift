import DistillCore

/// When terms on outputs (classification, relations) count.
public enum OutputStages: String, CaseIterable, Sendable, OptionValue {
  case atTheTop = "at-the-top"
  case always
}
