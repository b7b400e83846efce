import DistillCore

/// The stages in which terms on outputs count, such as classification and relations of embeddings.
public enum OutputStages: String, CaseIterable, Sendable, OptionValue {
  /// Only after the last layer's stage.
  case atTheTop = "at-the-top"
  /// In every stage.
  case always
}
