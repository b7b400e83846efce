/// One summand of the objective.
public protocol LossTerm: Plugin, Sendable {
  /// Default: `.output`, once for a batch.
  var scope: LossScope { get }

  /// What the term reads, for a pair of layers where its scope is `.layer`. Also the place to refuse models that do not fit.
  /// - Throws: ``WiringError``
  func reads(_ models: ModelPair, at layers: LayerPair?) throws -> Reads

  /// Parameters that are trained with the student and not exported, e.g. a map between widths. Default: none.
  func parameters(_ models: ModelPair, at layers: LayerPair?) -> [ParameterDefinition]

  /// A scalar: the mean over the batch, in nats unless the term says otherwise.
  func loss(_ inputs: LossInputs) throws -> Tensor
}

extension LossTerm {
  public var scope: LossScope { .output }
  public func parameters(_ models: ModelPair, at layers: LayerPair?) -> [ParameterDefinition] { [] }
}

/// The task's own loss, meaned over the batch: cross-entropy of logits [B, C] with labels, or squared error of [B, 1] with scores.
/// - Throws: ``ContractError`` where the data has no targets.
public func taskLoss(_ inputs: LossInputs) throws -> Tensor {
  let logits = try inputs.student[.logits]
  if case .score = inputs.batch.targets?.first { return meanSquaredError(logits, try inputs.scores()) }
  return crossEntropy(logits, labels: try inputs.labels())
}
