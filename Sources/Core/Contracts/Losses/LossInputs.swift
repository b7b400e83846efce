/// The inputs of a loss term for one batch.
public struct LossInputs {
  private let pair: ModelPair?
  /// The activations of the teacher that the term declared in ``LossTerm/reads(_:at:)``, and no others. They are constants.
  public let teacher: Response
  /// The activations of the student that the term declared, and no others. Gradients flow back through them.
  public let student: Response
  /// The sequences and their targets. A sequence can be without a target; see ``labelledRows``.
  public let batch: TokenBatch
  /// The pair of layers to compare, for a term of scope ``LossScope/layer``. Otherwise `nil`.
  public let layers: LayerPair?
  /// The term's own parameters for this pair of layers, or `nil` if it defined none.
  public let parameters: ParameterStore?

  /// Creates the inputs of a term, for example in a test of the term.
  ///
  /// - Parameters:
  ///   - models: The cards of the models. Can be left out for a term that does not read ``models``.
  ///   - teacher: The teacher's activations.
  ///   - student: The student's activations.
  ///   - batch: The sequences and their targets.
  ///   - layers: The pair of layers, for a layer-wise term.
  ///   - parameters: The term's own parameters, if it has any.
  public init(
    models: ModelPair? = nil, teacher: Response = Response(), student: Response, batch: TokenBatch,
    layers: LayerPair? = nil, parameters: ParameterStore? = nil
  ) {
    (pair, self.teacher, self.student, self.batch) = (models, teacher, student, batch)
    (self.layers, self.parameters) = (layers, parameters)
  }

  /// The cards of the models that computed the activations.
  ///
  /// - Throws: ``ContractError`` if the inputs were created without them. A pipeline always provides them.
  public var models: ModelPair {
    get throws {
      guard let pair else { throw ContractError("the inputs do not say of which models they are") }
      return pair
    }
  }

  /// Whether several labels can apply to a text. It is `false` for inputs that were created without the cards of the models.
  public var haveSeveralLabels: Bool { pair?.task.isMultilabel ?? false }

  /// The rows of the batch whose sequences have a target, in rising order. They can be fewer than B, or none, if a student is
  /// also trained on texts without labels.
  public var labelledRows: [Int] { batch.targets.indices.filter { batch.targets[$0] != nil } }

  /// Returns the class of each sequence in ``labelledRows``.
  ///
  /// - Throws: ``ContractError`` if the data has scores instead of labels.
  public func labels() throws -> [Int] {
    try batch.targets.compactMap(\.self).map {
      guard case .label(let label) = $0 else { throw ContractError("the data has scores, not labels") }
      return label
    }
  }

  /// Returns 1 for each label that applies and 0 for the others, for the B' sequences in ``labelledRows``: [B', C].
  ///
  /// - Throws: ``ContractError`` if the data does not have several labels for a text.
  public func labelRows(_ outputs: Int) throws -> Tensor {
    let rows = try batch.targets.compactMap(\.self).map { target -> [Float] in
      guard case .labels = target else { throw ContractError("the data does not have several labels for a text") }
      return target.row(outputs)
    }
    return Tensor(rows.flatMap(\.self), [rows.count, outputs])
  }

  /// Returns the score of each of the B' sequences in ``labelledRows`` as a column [B', 1].
  ///
  /// - Throws: ``ContractError`` if the data has labels instead of scores.
  public func scores() throws -> Tensor {
    let values = try batch.targets.compactMap(\.self).map {
      guard case .score(let score) = $0 else { throw ContractError("the data has labels, not scores") }
      return score
    }
    return Tensor(values, [values.count, 1])
  }
}
