import DistillCore

/// TinyBERT's loss on hidden states (Jiao et al. 2020, arXiv 1909.10351): the squared error between W·s and t, states s, t [N, H] of
/// mapped layers, W learnt.
///
/// Mean over the width and the tokens of a sequence, then over sequences: a batch's loss is the mean of its sequences' losses,
/// whatever their lengths. The output of the embedding layer, which TinyBERT matches too, is in no layer map.
public struct HiddenStateMSE: LossTerm {
  public static let name = "hidden-mse"
  public static let summary = "Squared error between hidden states of mapped layers, through a learnt linear map."
  public static let reference = PluginReference(
    formula: "(W·s − t)², mean over width and tokens, then over sequences",
    source: "TinyBERT, Jiao et al. 2020, arXiv 1909.10351; the mean of means is ours")

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
