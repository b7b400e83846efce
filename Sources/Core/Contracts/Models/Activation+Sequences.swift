extension Activation {
  /// Every activation of an encoder.
  public static func all(of card: ModelCard) -> [Activation] {
    card.activations.flatMap { kind in
      kind.firstLayer.map { first in (first...card.layers).map { Activation(kind, layer: $0) } } ?? [Activation(kind)]
    }
  }

  /// Its shape for sequences of these lengths.
  public func shape(_ card: ModelCard, _ lengths: [Int]) -> Shape { kind.shape(card, lengths) }

  /// Whether it has one row for a sequence, whatever its length.
  package var isPerSequence: Bool { if case .perSequence = kind.shape { true } else { false } }

  /// The part of each sequence, in memory that all of them share.
  package func pieces(of tensor: Tensor, _ card: ModelCard, _ lengths: [Int]) -> [Tensor] {
    var start = 0
    return lengths.map { length in
      let end = start + shape(card, [length])[0]
      defer { start = end }
      return tensor.rows(start..<end)
    }
  }
}
