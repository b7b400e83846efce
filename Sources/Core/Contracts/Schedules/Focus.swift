/// What counts in a step.
public struct Focus: Sendable, Equatable {
  /// Indices into the layer map whose layer-wise terms count.
  public var layerPairs: Range<Int>
  /// Whether terms on outputs count.
  public var outputs: Bool

  public init(layerPairs: Range<Int>, outputs: Bool) { (self.layerPairs, self.outputs) = (layerPairs, outputs) }
}
