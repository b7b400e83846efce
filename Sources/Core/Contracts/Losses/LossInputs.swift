/// What a term is given for a batch.
public struct LossInputs {
  private let pair: ModelPair?
  /// What the term declared to read, and nothing else. The teacher's are constants.
  public let teacher: Response
  public let student: Response
  public let batch: TokenBatch
  /// For terms of scope `.layer`: the pair at hand.
  public let layers: LayerPair?
  /// The term's own parameters, for this pair of layers.
  public let parameters: ParameterStore?

  /// - `models`: may be left out for a term that does not look at them.
  public init(
    models: ModelPair? = nil, teacher: Response = Response(), student: Response, batch: TokenBatch,
    layers: LayerPair? = nil, parameters: ParameterStore? = nil
  ) {
    (pair, self.teacher, self.student, self.batch) = (models, teacher, student, batch)
    (self.layers, self.parameters) = (layers, parameters)
  }

  /// The models whose answers these are.
  /// - Throws: ``ContractError`` where whoever made the inputs left them out.
  public var models: ModelPair {
    get throws {
      guard let pair else { throw ContractError("the inputs do not say of which models they are") }
      return pair
    }
  }

  /// The class of each sequence.
  /// - Throws: ``ContractError`` where the data has no labels or scores instead.
  public func labels() throws -> [Int] {
    guard let targets = batch.targets else { throw ContractError("the data has no labels") }
    return try targets.map {
      guard case .label(let label) = $0 else { throw ContractError("the data has scores, not labels") }
      return label
    }
  }

  /// The score of each sequence as a column [B, 1].
  public func scores() throws -> Tensor {
    guard let targets = batch.targets else { throw ContractError("the data has no scores") }
    let values = try targets.map {
      guard case .score(let score) = $0 else { throw ContractError("the data has labels, not scores") }
      return score
    }
    return Tensor(values, [values.count, 1])
  }
}
