/// Whether a term counts once for a batch or once for each pair of layers.
public enum LossScope: Sendable {
  case output
  case layer
}
