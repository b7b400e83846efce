import DistillCore

/// A BERT encoder in training: a student, or a teacher that is fine-tuned.
final class TrainableBERT: Student {
  private let network: BERTNetwork
  let parameters: ParameterStore
  /// The initial values of the matrices of new heads, to find out later whether training has changed them.
  private let fresh: [String: [Float]]

  init(_ start: BERTStart) throws {
    network = start.network
    let parameters = try ParameterStore(network.layout)
    for definition in network.layout.definitions {
      parameters[definition.name].assign(try start.values(definition))
    }
    self.parameters = parameters
    let heads = [BERTParameters.pooler[0], BERTParameters.classifier[0]].filter(start.fresh.contains)
    fresh = Dictionary(uniqueKeysWithValues: heads.map { ($0, parameters[$0].value.values) })
  }

  var card: ModelCard { network.card }
  var tokenizer: any Tokenizer { network.tokenizer }

  func respond(to batch: TokenBatch, with activations: Set<Activation>, dropout key: RandomKey) throws -> Response {
    try network.respond(to: batch, with: activations, dropout: key) { [parameters] in parameters.variable($0) }
  }

  /// Returns the same model as ``frozen()``.
  func model() -> any TextEncoder { frozen() }

  /// Returns a model with a copy of the current parameters.
  ///
  /// Activations that depend on a new head are reported as untrained if no step has changed the head.
  func frozen() -> BERTEncoder {
    let untouched = fresh.filter { parameters[$0.key].value.values == $0.value }.keys
    return BERTEncoder(network, Weights(parameters), untrained: network.activations(restingOn: untouched))
  }
}
