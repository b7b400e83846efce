import DistillCore

/// The part of an encoder that must be calculated for a set of activations.
struct EncoderPlan {
  /// The last layer to calculate, or 0 for the embeddings only.
  let lastLayer: Int
  /// Whether the embedding of the sequence or the logits are needed.
  let needsTop: Bool
  /// Whether only the [CLS] rows of the last calculated layer are needed.
  let topIsClassToken: Bool

  init(_ activations: Set<Activation>, layers: Int, _ readout: Readout) {
    let top = activations.contains(.logits) || activations.contains(.embedding)
    needsTop = top
    let last = top ? layers : activations.compactMap(\.layer).max() ?? 0
    lastLayer = last
    let needsAllRows = activations.contains(.hidden(layer: last)) || (top && readout == .mean)
    topIsClassToken = last > 0 && !needsAllRows
  }
}
