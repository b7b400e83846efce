/// The correct answer to an example.
public enum Target: Sendable, Equatable {
  /// The index of the correct class.
  case label(Int)
  /// The indices of all labels that apply, in rising order; there may be none.
  case labels([Int])
  /// The correct number of a regression.
  case score(Float)
}

extension Target {
  /// Returns the probabilities that a target gives to C outputs: 1 for a label that applies and 0 for the others. A score is its own row.
  public func row(_ outputs: Int) -> [Float] {
    var row = [Float](repeating: 0, count: outputs)
    switch self {
    case .label(let label): row[label] = 1
    case .labels(let labels): for label in labels { row[label] = 1 }
    case .score(let score): row[0] = score
    }
    return row
  }
}
