import DistillCore

/// The squared error between logits, as the mean over batch and classes: 1/(B·C) Σ (s − t)² for logits s, t [B, C].
///
/// Ba and Caruana 2014 (arXiv 1312.6184) matched logits in this way, and Kim et al. 2021 (arXiv 2105.08919) compared it with the
/// cross-entropy of softened labels. We have read only abstracts or summaries of both, so their constant factors may differ.
public struct LogitMSE: LossTerm {
  public static let name = "logit-mse"
  public static let summary = "Squared error between the teacher's logits and the student's."
  public static let reference = PluginReference(
    formula: "1/(B·C) Σ (s − t)²",
    source:
      "Ba and Caruana 2014, arXiv 1312.6184; Kim et al. 2021, arXiv 2105.08919; read in abstract or summary, the constant is ours"
  )

  public init() {}
  public mutating func options(_ visit: inout OptionVisitor) {}

  public func reads(_ models: ModelPair, at _: LayerPair?) throws -> Reads {
    try models.requireEqualOutputs()
    return Reads(teacher: [.logits], student: [.logits])
  }

  public func loss(_ inputs: LossInputs) throws -> Tensor {
    meanSquaredError(try inputs.student[.logits], try inputs.teacher[.logits])
  }
}
