import DistillCore

/// How far a set of activations makes an encoder go.
struct BERTPlan {
  let lastLayer: Int
  let needsTop: Bool
  /// Whether the last layer that runs needs its [CLS] rows only.
  let topIsClassToken: Bool

  init(_ activations: Set<Activation>, layers: Int, embedding: SequenceEmbedding) {
    let top = activations.contains(.logits) || activations.contains(.embedding)
    needsTop = top
    let last = top ? layers : activations.compactMap(\.layer).max() ?? 0
    lastLayer = last
    let needsAllRows =
      activations.contains(.hidden(layer: last)) || (activations.contains(.embedding) && embedding == .mean)
    topIsClassToken = last > 0 && !needsAllRows
  }
}
