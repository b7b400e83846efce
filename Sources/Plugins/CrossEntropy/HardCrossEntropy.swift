import DistillCore

/// The loss of the task itself: the mean over the batch of −ln softmax(logits)[label], logits [B, C], in nats.
///
/// For a regression it is the mean of (score − target)², scores [B, 1].
public struct HardCrossEntropy: LossTerm {
  public static let name = "hard-cross-entropy"
  public static let summary =
    "Cross-entropy with the true labels, of each label where several can apply; squared error for regression."
  public static let reference = PluginReference(
    formula: "−ln softmax(s)[label]; for several labels Σ −y ln σ(s) − (1 − y) ln(1 − σ(s)); for regression (s − y)²")

  public init() {}
  public mutating func options(_ visit: inout OptionVisitor) {}
  public func reads(_: ModelPair, at _: LayerPair?) -> Reads { Reads(student: [.logits]) }

  public func loss(_ inputs: LossInputs) throws -> Tensor {
    try taskLoss(inputs)
  }
}
