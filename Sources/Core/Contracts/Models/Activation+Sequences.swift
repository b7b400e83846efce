extension Activation {
  /// Returns every activation that an encoder can return, at every layer.
  public static func all(of card: ModelCard) -> [Activation] {
    card.activations.flatMap { kind in
      kind.firstLayer.map { first in (first...card.layers).map { Activation(kind, layer: $0) } } ?? [Activation(kind)]
    }
  }

  /// Returns the shape of this activation for one model and sequences of the given lengths.
  public func shape(_ card: ModelCard, _ lengths: [Int]) -> Shape { kind.shape(card, lengths) }

  /// Whether the activation has one row for each sequence, whatever its length.
  package var isPerSequence: Bool { if case .perSequence = kind.shape { true } else { false } }

  /// Returns the part of `tensor` that belongs to each sequence. The parts share the memory of `tensor`.
  package func pieces(of tensor: Tensor, _ card: ModelCard, _ lengths: [Int]) -> [Tensor] {
    var start = 0
    return lengths.map { length in
      let end = start + shape(card, [length])[0]
      defer { start = end }
      return tensor.rows(start..<end)
    }
  }
}
