import DistillCore

/// An encoder in training: a student, or a teacher that is fine-tuned.
final class TrainableEncoder: Student {
  private let network: EncoderNetwork
  let parameters: ParameterStore
  /// The initial values of the matrices of new heads, to find out later whether training has changed them.
  private let fresh: [String: [Float]]

  init(_ start: EncoderStart) throws {
    network = start.network
    let names = EncoderParameters(start.network.configuration.architecture)
    let parameters = try ParameterStore(network.layout)
    for definition in network.layout.definitions {
      parameters[definition.name].assign(try start.values(definition))
    }
    self.parameters = parameters
    let heads = [names.pooler[0], names.classifier[0]].filter(start.fresh.contains)
    fresh = Dictionary(uniqueKeysWithValues: heads.map { ($0, parameters[$0].value.values) })
  }

  var card: ModelCard { network.card }
  var tokenizer: any Tokenizer { network.tokenizer }

  func respond(to batch: TokenBatch, with activations: Set<Activation>, dropout key: RandomKey) throws -> Response {
    try network.respond(to: batch, with: activations, dropout: key) { [parameters] in parameters.variable($0) }
  }

  /// Fits a new classifier to the labels on the embeddings of the encoder as it is, unless it is to be random or its embedding is.
  ///
  /// - Parameters:
  ///   - source: The source that the options name for the classifier.
  ///   - preparation: The texts of the task. They are read only if the classifier is new.
  func fitClassifier(_ source: ClassifierSource?, on preparation: Preparation) throws {
    let model = frozen()
    guard source != .fresh, model.untrained.contains(.logits), !model.untrained.contains(.embedding) else { return }
    let data = try preparation.data(for: tokenizer)
    func labelled(_ data: EncodedDataset) throws -> LinearProbe.Examples {
      let rows = data.targets.indices.filter { data.targets[$0] != nil }
      let embeddings = try stride(from: 0, to: rows.count, by: 64).map { start in
        let batch = data.batch(rows[start..<min(start + 64, rows.count)])
        return try model.respond(to: batch, with: [.embedding])[.embedding]
      }
      return (
        Matrix(concatenatedRows(embeddings)), rows.compactMap { data.targets[$0] }, rows.map { data.weights[$0] }
      )
    }
    let map = try LinearProbe.fit(
      labelled(data.training), task: network.task, choosingOn: data.validation.map(labelled))
    let names = EncoderParameters(network.configuration.architecture).classifier
    parameters[names[0]].assign(map.weight.tensor)
    parameters[names[1]].assign(Tensor(map.bias, [map.bias.count]))
  }

  /// Returns the same model as ``frozen()``.
  func model() -> any TextEncoder { frozen() }

  /// Returns a model with a copy of the current parameters.
  ///
  /// Activations that depend on a new head are reported as untrained if no step has changed the head.
  func frozen() -> TransformerEncoder {
    let untouched = fresh.filter { parameters[$0.key].value.values == $0.value }.keys
    return TransformerEncoder(network, Weights(parameters), untrained: network.activations(restingOn: untouched))
  }
}
