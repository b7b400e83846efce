import DistillCore

/// An FNet while it learns.
final class TrainableFNet: Student {
  private let network: FNetNetwork
  let parameters: ParameterStore

  init(_ network: FNetNetwork, key: RandomKey) throws {
    self.network = network
    parameters = try ParameterStore(network.layout)
    for definition in network.layout.definitions {
      parameters[definition.name].assign(FNetNetwork.initialValues(definition, key))
    }
  }

  var card: ModelCard { network.card }
  var tokenizer: any Tokenizer { network.tokenizer }

  func respond(to batch: TokenBatch, with activations: Set<Activation>, dropout key: RandomKey) throws -> Response {
    try network.respond(to: batch, with: activations, dropout: key) { parameters.variable($0) }
  }

  func model() -> any TextEncoder { FNetEncoder(network, Weights(parameters)) }
}
