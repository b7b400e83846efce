/// Whether a term is computed once for each batch or once for each pair of layers.
public enum LossScope: Sendable {
  /// Once for each batch.
  case output
  /// Once for each pair of layers in the pipeline's layer map.
  case layer
}
