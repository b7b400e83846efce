/// The shape of an activation, in the letters of `Docs/Architecture.md`.
public enum ActivationShape: Hashable, Sendable, CustomStringConvertible {
  /// The second letter of a matrix: a number that a model's card tells.
  public enum Columns: String, Sendable {
    case outputs = "C"
    case embeddingWidth = "D"
    case width = "H"
  }

  /// [B, columns]: one row for a sequence, whatever its length.
  case perSequence(Columns)
  /// [N, columns]: one row for a token.
  case perToken(Columns)
  /// [A·ΣT²]: rows of probabilities, per sequence A blocks of T × T.
  case attention

  public var description: String {
    switch self {
    case .perSequence(let columns): "[B, \(columns.rawValue)]"
    case .perToken(let columns): "[N, \(columns.rawValue)]"
    case .attention: "[A·ΣT²]"
    }
  }

  /// The numbers for a model and sequences of these lengths.
  public func callAsFunction(_ card: ModelCard, _ lengths: [Int]) -> Shape {
    func count(_ columns: Columns) -> Int {
      switch columns {
      case .outputs: card.outputs
      case .embeddingWidth: card.embeddingWidth
      case .width: card.width
      }
    }
    return switch self {
    case .perSequence(let columns): [lengths.count, count(columns)]
    case .perToken(let columns): [lengths.reduce(0, +), count(columns)]
    case .attention: [card.heads * lengths.reduce(0) { $0 + $1 * $1 }]
    }
  }
}
