/// The correct answer to an example.
public enum Target: Sendable, Equatable {
  /// The index of the correct class.
  case label(Int)
  /// The correct number of a regression.
  case score(Float)
}
