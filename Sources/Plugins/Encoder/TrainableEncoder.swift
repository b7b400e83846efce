import DistillCore

/// An encoder in training: a student, or a teacher that is fine-tuned.
final class TrainableEncoder: Student {
  private let network: EncoderNetwork
  private let refitsClassifier: Bool
  let parameters: ParameterStore
  /// The initial values of the matrices of new heads, to find out later whether training has changed them.
  private let fresh: [String: [Float]]

  /// - `refitsClassifier`: Whether the classifier is fitted anew after a training.
  init(_ start: EncoderStart, refitsClassifier: Bool = false) throws {
    self.refitsClassifier = refitsClassifier
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
    classifier = try LinearProbe.fit(
      model.examples(data.training), task: network.task, choosingOn: data.validation.map { try model.examples($0) })
  }

  func finishTraining(
    on data: TaskData, progress: (_ done: Int, _ total: Int) throws -> Void
  ) throws -> String? {
    guard refitsClassifier else { return nil }
    let refit = try ClassifierRefit(classifier, of: frozen(), data, task: network.task, progress: progress)
    if let map = refit.map { classifier = map }
    return refit.description
  }

  /// The map from embeddings to logits or scores.
  private var classifier: LinearMap {
    get {
      let names = EncoderParameters(network.configuration.architecture).classifier
      return LinearMap(weight: Matrix(parameters[names[0]].value), bias: parameters[names[1]].value.values)
    }
    set {
      let names = EncoderParameters(network.configuration.architecture).classifier
      parameters[names[0]].assign(newValue.weight.tensor)
      parameters[names[1]].assign(Tensor(newValue.bias, [newValue.bias.count]))
    }
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
