/// One tensor that an encoder can be asked for: a kind of activation, at a layer if it belongs to one. Letters as in
/// `Docs/Architecture.md`: B sequences, N tokens, T of one sequence, H width, A heads, C classes, D embedding width.
public struct Activation: Hashable, Sendable {
  public let kind: ActivationKind
  /// The layer it belongs to, where it belongs to one.
  public let layer: Int?

  /// - `layer`: just where the kind has layers.
  public init(_ kind: ActivationKind, layer: Int? = nil) {
    precondition(
      (kind.firstLayer == nil) == (layer == nil), "\(kind), asked for at layer \(layer.map(String.init) ?? "none")")
    (self.kind, self.layer) = (kind, layer)
  }

  /// [B, C] before the softmax; [B, 1], the score, for regression.
  public static let logits = Activation(.logits)
  /// [B, D]: one vector a sequence; relational terms compare it and the knowledge base stores it.
  public static let embedding = Activation(.embedding)
  /// [N, H] after a layer; layer 0 is the output of the embedding layer.
  public static func hidden(layer: Int) -> Activation { Activation(.hidden, layer: layer) }
  /// [B, H]: the first row of each sequence after a layer.
  public static func classToken(layer: Int) -> Activation { Activation(.classToken, layer: layer) }
  /// [A·ΣT²]: rows of attention probabilities, per sequence A blocks of T × T, before dropout; layers count from 1.
  public static func attention(layer: Int) -> Activation { Activation(.attention, layer: layer) }
  /// [N, H]: the value projections V of a layer with their bias, heads side by side; layers count from 1.
  public static func values(layer: Int) -> Activation { Activation(.values, layer: layer) }
}

extension Activation: LosslessStringConvertible {
  /// `logits`, `embedding`, `hidden:L`, `class-token:L`, `attention:L` or `values:L`.
  public init?(_ description: String) { self.init(description, among: ActivationKind.standard) }

  /// The name of a kind, followed by `:` and a layer where it has layers.
  /// - `kinds`: what may be named; an encoder's card lists its own.
  public init?(_ description: String, among kinds: [ActivationKind]) {
    let parts = description.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let kind = kinds.first(where: { $0.name == parts[0] }) else { return nil }
    switch (kind.firstLayer, parts.count == 2 ? Int(parts[1]) : nil) {
    case (nil, nil) where parts.count == 1: self.init(kind)
    case (let first?, let layer?) where layer >= first: self.init(kind, layer: layer)
    default: return nil
    }
  }

  public var description: String { kind.name + (layer.map { ":\($0)" } ?? "") }
}
