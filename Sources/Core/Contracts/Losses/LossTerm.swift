/// One term of the weighted sum that a student minimises.
///
/// A term declares in ``reads(_:at:)`` the activations that it needs and computes its value from them in ``loss(_:)``.
/// Everything else has a default.
public protocol LossTerm: Plugin, Sendable {
  /// Whether the term is computed once for each batch or once for each pair of layers. Default: ``LossScope/output``.
  var scope: LossScope { get }

  /// Returns the activations that the term reads. This is also the place to refuse models that the term cannot compare.
  ///
  /// Called when a pipeline is validated and again in each step, so it must return the same result for the same arguments.
  ///
  /// - Parameters:
  ///   - models: The cards of teacher and student.
  ///   - layers: The pair of layers if the scope is ``LossScope/layer``, otherwise `nil`.
  /// - Throws: ``WiringError`` if the models do not fit, such as a missing teacher.
  func reads(_ models: ModelPair, at layers: LayerPair?) throws -> Reads

  /// Returns the term's own parameters, such as a linear map between widths. Default: none.
  ///
  /// They are trained with the student and are not exported. A square matrix starts as the identity, and any other matrix with random
  /// values of variance 1/columns. All other parameters start at zero.
  ///
  /// - Parameters:
  ///   - models: The cards of teacher and student.
  ///   - layers: The pair of layers, as in ``reads(_:at:)``. Each pair has parameters of its own.
  func parameters(_ models: ModelPair, at layers: LayerPair?) -> [ParameterDefinition]

  /// Computes the term for one batch.
  ///
  /// - Parameter inputs: The activations that ``reads(_:at:)`` declared, and the batch.
  /// - Returns: A tensor with one element: the mean over the batch, in nats unless the term's documentation says otherwise. A
  ///   term on labels takes the mean over ``LossInputs/labelledRows``, and is a constant 0 if the batch has none.
  /// - Throws: ``ContractError`` if the data does not have what the term needs, such as labels instead of scores.
  func loss(_ inputs: LossInputs) throws -> Tensor
}

extension LossTerm {
  public var scope: LossScope { .output }
  public func parameters(_ models: ModelPair, at layers: LayerPair?) -> [ParameterDefinition] { [] }
}

/// Returns the task's own loss as the mean over the labelled rows of the batch: the cross-entropy of logits [B, C] with labels,
/// the binary cross-entropy of each logit where several labels can apply, or the squared error of [B, 1] with scores.
///
/// The loss of each label counts with the row's weight; the sum is divided by the number of rows. Rows without a target have no part in it. If there are no others, the result is a constant 0, from which no gradient flows.
///
/// - Throws: ``ContractError`` if some targets are labels and others are scores.
public func taskLoss(_ inputs: LossInputs) throws -> Tensor {
  let all = try inputs.student[.logits]
  let rows = inputs.labelledRows
  guard let first = rows.first else { return Tensor(0) }
  let logits = rows.count == inputs.batch.sequenceCount ? all : all.gatheredRows(rows.map(Int32.init))
  switch inputs.batch.targets[first] {
  case .score: return meanSquaredError(logits, try inputs.scores())
  case .labels: return binaryCrossEntropy(logits, probabilities: try inputs.labelRows(logits.shape.columns))
  default:
    let weights = rows.map { inputs.batch.weights[$0] }
    return crossEntropy(logits, labels: try inputs.labels(), weights: weights.allSatisfy { $0 == 1 } ? nil : weights)
  }
}
