/// The part of the objective that a step optimises.
public struct Focus: Sendable, Equatable {
  /// The indices into the layer map of the pairs whose layer-wise terms are part of the loss.
  public var layerPairs: Range<Int>
  /// Whether terms with ``LossScope/output`` are part of the loss.
  public var outputs: Bool
  /// Whether those of them that read the student's logits are part of the loss, too. Without them, no classifier is trained.
  public var logits: Bool

  public init(layerPairs: Range<Int>, outputs: Bool, logits: Bool = true) {
    (self.layerPairs, self.outputs, self.logits) = (layerPairs, outputs, logits)
  }
}
