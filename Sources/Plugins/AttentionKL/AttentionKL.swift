import DistillCore

/// The divergence of the student's attention from the teacher's (Aguilar et al. 2020, *Knowledge Distillation from Internal
/// Representations*, arXiv 1910.03723).
///
/// For a pair of layers, the loss is the mean over sequences and heads of 1/T Σᵢ Σⱼ Aᵗᵢⱼ ln(Aᵗᵢⱼ/Aˢᵢⱼ), in nats, with
/// A = softmax(Q Kᵀ/√d) before dropout. Student and teacher must have the same number of heads.
///
/// The formula of one head, the mean over rows and the matching of every head are from the paper. The mean over heads and over
/// sequences, and the equal weight of all layers, are from the code of GLMKD.
public struct AttentionKL: LossTerm {
  public static let name = "attention-kl"
  public static let summary = "KL between rows of attention, teacher to student, of each pair of layers."
  public static let reference = PluginReference(
    formula: "1/T Σᵢ Σⱼ Aᵗᵢⱼ ln(Aᵗᵢⱼ/Aˢᵢⱼ), mean over heads and sequences; A = softmax(QKᵀ/√d)",
    source: "Aguilar et al. 2020, arXiv 1910.03723; the mean over heads and sequences is that of others' code")

  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {}

  public var scope: LossScope { .layer }

  public func reads(_ models: ModelPair, at layers: LayerPair?) throws -> Reads {
    try models.requireEqualHeads()
    let layers = try required(layers)
    return Reads(teacher: [.attention(layer: layers.teacher)], student: [.attention(layer: layers.student)])
  }

  public func loss(_ inputs: LossInputs) throws -> Tensor {
    let layers = try required(inputs.layers)
    return packedKLDivergence(
      try inputs.teacher[.attention(layer: layers.teacher)], try inputs.student[.attention(layer: layers.student)],
      offsets: inputs.batch.offsets)
  }

  private func required(_ layers: LayerPair?) throws -> LayerPair {
    guard let layers else { throw ContractError("\(Self.name) was asked without a pair of layers") }
    return layers
  }
}
