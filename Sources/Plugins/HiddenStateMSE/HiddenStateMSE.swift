import DistillCore

/// The squared error between hidden states of mapped layers, from TinyBERT (Jiao et al. 2020, arXiv 1909.10351): (W·s − t)² for
/// states s, t [N, H] and a learnt map W.
///
/// The mean is taken over the width and the tokens of each sequence, and then over sequences, so all sequences have the same
/// weight. TinyBERT also matches the output of the embedding layer, which a layer map cannot contain.
public struct HiddenStateMSE: LossTerm {
  public static let name = "hidden-mse"
  public static let summary = "Squared error between hidden states of mapped layers, through a learnt linear map."
  public static let reference = PluginReference(
    formula: "(W·s − t)², mean over width and tokens, then over sequences",
    source: "TinyBERT, Jiao et al. 2020, arXiv 1909.10351; the mean of means is ours")

  /// Whether the student's states are multiplied by the learnt map W. Without it the widths must be equal.
  public var project = true

  public init(project: Bool = true) { self.project = project }
  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) { visit.projection(&project) }

  public var scope: LossScope { .layer }
  public func reads(_ models: ModelPair, at layers: LayerPair?) throws -> Reads {
    try models.reads(Activation.hidden, at: layers, anyWidth: project)
  }
  public func parameters(_ models: ModelPair, at _: LayerPair?) -> [ParameterDefinition] {
    models.projection(if: project)
  }

  public func loss(_ inputs: LossInputs) throws -> Tensor {
    let (student, teacher) = try inputs.states(Activation.hidden)
    return (student - teacher).squared().segmentMeans(inputs.batch.offsets).mean()
  }
}
