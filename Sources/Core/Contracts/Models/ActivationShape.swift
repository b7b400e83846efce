/// The shape of an activation, in the letters of `Docs/Architecture.md`.
///
/// B is the number of sequences, N the number of tokens in all sequences together, T the number of tokens in one sequence, and
/// A the number of attention heads.
public enum ActivationShape: Hashable, Sendable, CustomStringConvertible {
  /// The number of columns of a matrix, which the model's card specifies.
  public enum Columns: String, Sendable {
    case outputs = "C"
    case embeddingWidth = "D"
    case width = "H"
  }

  /// [B, columns]: one row for each sequence, whatever its length.
  case perSequence(Columns)
  /// [N, columns]: one row for each token. The sequences follow one another without padding.
  case perToken(Columns)
  /// [A·ΣT²]: attention probabilities as a flat array. Each sequence contributes A blocks of T × T, whose rows each add up to
  /// 1.
  case attention

  public var description: String {
    switch self {
    case .perSequence(let columns): "[B, \(columns.rawValue)]"
    case .perToken(let columns): "[N, \(columns.rawValue)]"
    case .attention: "[A·ΣT²]"
    }
  }

  /// Returns the shape in numbers for one model and one batch.
  ///
  /// - Parameters:
  ///   - card: The card of the model.
  ///   - lengths: The number of tokens in each sequence of the batch.
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
