import DistillCore

extension Activation {
  /// Every activation of an encoder.
  static func all(of card: ModelCard) -> [Activation] {
    [.logits, .embedding]
      + (0...card.layers).flatMap { [.hidden(layer: $0), .classToken(layer: $0)] }
      + (1...card.layers).map { .attention(layer: $0) }
  }

  /// Its shape for sequences of these lengths.
  func shape(_ card: ModelCard, _ lengths: [Int]) -> Shape {
    switch self {
    case .logits: [lengths.count, card.outputs]
    case .embedding: [lengths.count, card.embeddingWidth]
    case .hidden: [lengths.reduce(0, +), card.width]
    case .classToken: [lengths.count, card.width]
    case .attention: [card.heads * lengths.reduce(0) { $0 + $1 * $1 }]
    }
  }

  /// The part of each sequence.
  func pieces(of tensor: Tensor, _ card: ModelCard, _ lengths: [Int]) -> [Tensor] {
    var start = 0
    return lengths.map { length in
      let end = start + shape(card, [length])[0]
      defer { start = end }
      return tensor.rows(start..<end)
    }
  }
}

extension Tensor {
  var magnitude: Float { values.reduce(0) { max($0, abs($1)) } }

  /// The largest deviation, as a share of the other's largest number.
  func deviation(from other: Tensor) -> Float {
    let largest = zip(values, other.values).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
    return largest == 0 ? 0 : largest / max(other.magnitude, .leastNormalMagnitude)
  }
}
