/// What a model should say about an example.
public enum Target: Sendable, Equatable {
  /// The index of the right class.
  case label(Int)
  /// The right number of a regression.
  case score(Float)
}
