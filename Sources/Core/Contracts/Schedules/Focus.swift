/// The part of the objective that a step optimises.
public struct Focus: Sendable, Equatable {
  /// The indices into the layer map of the pairs whose layer-wise terms are part of the loss.
  public var layerPairs: Range<Int>
  /// Whether terms with ``LossScope/output`` are part of the loss.
  public var outputs: Bool

  public init(layerPairs: Range<Int>, outputs: Bool) { (self.layerPairs, self.outputs) = (layerPairs, outputs) }
}
