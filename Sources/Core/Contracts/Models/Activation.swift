/// One tensor that an encoder can return: a kind of activation, at a certain layer if the kind has layers.
///
/// The shapes use the letters of `Docs/Architecture.md`: B sequences, N tokens in all, T tokens in one sequence, H width, A
/// heads, C classes, D embedding width.
public struct Activation: Hashable, Sendable {
  public let kind: ActivationKind
  /// The layer that the tensor belongs to, or `nil` if its kind has no layers.
  public let layer: Int?

  /// Creates an activation.
  ///
  /// - Parameters:
  ///   - kind: The kind of activation.
  ///   - layer: The layer. It must be given if and only if the kind has layers.
  public init(_ kind: ActivationKind, layer: Int? = nil) {
    precondition(
      (kind.firstLayer == nil) == (layer == nil), "\(kind), asked for at layer \(layer.map(String.init) ?? "none")")
    (self.kind, self.layer) = (kind, layer)
  }

  /// [B, C]: the outputs of the classifier before the softmax. For regression it is [B, 1], the score.
  public static let logits = Activation(.logits)
  /// [B, D]: one vector for each sequence. Relational terms compare these vectors, and the knowledge base stores them.
  public static let embedding = Activation(.embedding)
  /// [N, H]: the hidden states after a layer. Layer 0 is the embedding layer.
  public static func hidden(layer: Int) -> Activation { Activation(.hidden, layer: layer) }
  /// [B, H]: the hidden state of the first token of each sequence after a layer. Layer 0 is the embedding layer.
  public static func classToken(layer: Int) -> Activation { Activation(.classToken, layer: layer) }
  /// [A·ΣT²]: the attention probabilities of a layer before dropout. Each sequence contributes A blocks of T × T. Layers count
  /// from 1.
  public static func attention(layer: Int) -> Activation { Activation(.attention, layer: layer) }
  /// [N, H]: the value projections V of a layer including their bias, with the heads side by side. Layers count from 1.
  public static func values(layer: Int) -> Activation { Activation(.values, layer: layer) }
}

extension Activation: LosslessStringConvertible {
  /// Parses `logits`, `embedding`, `hidden:L`, `class-token:L`, `attention:L` or `values:L`, where L is a layer. Returns `nil`
  /// for anything else.
  public init?(_ description: String) { self.init(description, among: ActivationKind.standard) }

  /// Parses the name of a kind, followed by `:` and a layer if the kind has layers. Returns `nil` for anything else.
  ///
  /// - Parameters:
  ///   - description: The text.
  ///   - kinds: The kinds that can be named. The card of an encoder lists those that it has.
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
