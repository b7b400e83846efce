extension Activation {
  /// Every activation of an encoder.
  public static func all(of card: ModelCard) -> [Activation] {
    [.logits, .embedding]
      + (0...card.layers).flatMap { [.hidden(layer: $0), .classToken(layer: $0)] }
      + (1...card.layers).flatMap { [.attention(layer: $0), .values(layer: $0)] }
  }

  /// Its shape for sequences of these lengths.
  public func shape(_ card: ModelCard, _ lengths: [Int]) -> Shape {
    switch self {
    case .logits: [lengths.count, card.outputs]
    case .embedding: [lengths.count, card.embeddingWidth]
    case .hidden, .values: [lengths.reduce(0, +), card.width]
    case .classToken: [lengths.count, card.width]
    case .attention: [card.heads * lengths.reduce(0) { $0 + $1 * $1 }]
    }
  }

  /// Whether it has one row for a sequence, whatever its length.
  public var isPerSequence: Bool {
    switch self {
    case .logits, .embedding, .classToken: true
    case .hidden, .attention, .values: false
    }
  }

  /// The part of each sequence, in memory that all of them share.
  public func pieces(of tensor: Tensor, _ card: ModelCard, _ lengths: [Int]) -> [Tensor] {
    var start = 0
    return lengths.map { length in
      let end = start + shape(card, [length])[0]
      defer { start = end }
      return tensor.rows(start..<end)
    }
  }
}
