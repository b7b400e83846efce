/// One tensor that an encoder can be asked for. Letters as in `Docs/Architecture.md`: B sequences, N tokens, T of one sequence,
/// H width, A heads, C classes, D embedding width.
public enum Activation: Hashable, Sendable {
  /// [B, C] before the softmax; [B, 1], the score, for regression.
  case logits
  /// [B, D]: one vector a sequence; relational terms compare it and the knowledge base stores it.
  case embedding
  /// [N, H] after a layer; layer 0 is the output of the embedding layer.
  case hidden(layer: Int)
  /// [B, H]: the first row of each sequence after a layer.
  case classToken(layer: Int)
  /// [A·ΣT²]: rows of attention probabilities, per sequence A blocks of T × T, before dropout; layers count from 1.
  case attention(layer: Int)
  /// [N, H]: the value projections V of a layer with their bias, heads side by side; layers count from 1.
  case values(layer: Int)

  /// The layer it belongs to, where it belongs to one.
  public var layer: Int? {
    switch self {
    case .logits, .embedding: nil
    case .hidden(let layer), .classToken(let layer), .attention(let layer), .values(let layer): layer
    }
  }
}

extension Activation: LosslessStringConvertible {
  /// `logits`, `embedding`, `hidden:L`, `class-token:L`, `attention:L` or `values:L`.
  public init?(_ description: String) {
    let parts = description.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    switch (parts[0], parts.count == 2 ? Int(parts[1]) : nil) {
    case ("logits", nil) where parts.count == 1: self = .logits
    case ("embedding", nil) where parts.count == 1: self = .embedding
    case ("hidden", let layer?) where layer >= 0: self = .hidden(layer: layer)
    case ("class-token", let layer?) where layer >= 0: self = .classToken(layer: layer)
    case ("attention", let layer?) where layer >= 1: self = .attention(layer: layer)
    case ("values", let layer?) where layer >= 1: self = .values(layer: layer)
    default: return nil
    }
  }

  public var description: String {
    switch self {
    case .logits: "logits"
    case .embedding: "embedding"
    case .hidden(let layer): "hidden:\(layer)"
    case .classToken(let layer): "class-token:\(layer)"
    case .attention(let layer): "attention:\(layer)"
    case .values(let layer): "values:\(layer)"
    }
  }
}
