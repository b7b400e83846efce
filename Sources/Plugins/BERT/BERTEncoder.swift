import DistillCore
import Foundation

/// BERT (Devlin et al. 2019) with a sequence classification head, over packed batches.
public final class BERTEncoder: Student {
  public let configuration: BERTConfiguration
  public let embedding: SequenceEmbedding
  public let task: TaskKind
  public let tokenizer: any Tokenizer
  public let parameters: ParameterStore
  public internal(set) var untrained: Set<Activation> = []
  private let layers: [BERTLayer]

  /// An encoder whose parameters are all zero; a loader or an initialiser fills them.
  init(
    _ configuration: BERTConfiguration, embedding: SequenceEmbedding, task: TaskKind, tokenizer: any Tokenizer
  ) throws {
    (self.configuration, self.embedding, self.task, self.tokenizer) = (configuration, embedding, task, tokenizer)
    parameters = try ParameterStore(BERTParameters.definitions(configuration, outputs: Self.outputs(task)))
    let store = parameters
    layers = (1...configuration.layers).map { BERTLayer($0, of: store, configuration) }
  }

  static func outputs(_ task: TaskKind) -> Int {
    if case .classification(let labels) = task { labels.count } else { 1 }
  }

  static func card(_ c: BERTConfiguration, task: TaskKind, vocabulary: String) -> ModelCard {
    let parameters = BERTParameters.definitions(c, outputs: outputs(task)).reduce(0) { $0 + $1.shape.count }
    return ModelCard(
      architecture: "bert", layers: c.layers, heads: c.heads, width: c.hiddenSize, embeddingWidth: c.hiddenSize,
      outputs: outputs(task), maximumLength: c.maximumPositions, vocabulary: vocabulary, parameters: parameters,
      activations: activations)
  }

  public var card: ModelCard {
    Self.card(configuration, task: task, vocabulary: tokenizer.fingerprint)
  }

  public func respond(to batch: TokenBatch, with activations: Set<Activation>, pass: Pass) throws -> Response {
    try check(batch, activations)
    let plan = BERTPlan(activations, layers: configuration.layers, embedding: embedding)
    let run = BERTRun(batch, pass)
    var response = Response()

    var x = embed(run)
    keep(x, after: 0, in: &response, activations, run)
    for layer in layers.prefix(plan.lastLayer) {
      let onlyClassToken = layer.index == plan.lastLayer && plan.topIsClassToken
      x = layer.apply(x, run, classTokenOnly: onlyClassToken, activations, into: &response)
      if onlyClassToken {
        if activations.contains(.classToken(layer: layer.index)) { response.set(.classToken(layer: layer.index), x) }
      } else {
        keep(x, after: layer.index, in: &response, activations, run)
      }
    }
    if plan.needsTop { addOutputs(x, isClassToken: plan.topIsClassToken, run, activations, to: &response) }
    return response
  }

  /// dropout(LayerNorm(words + positions + types)): [N, H].
  private func embed(_ run: BERTRun) -> Tensor {
    func table(_ name: String) -> Tensor { run.weights(parameters["bert.embeddings.\(name)"]) }
    let sum = embeddingSum(
      words: table("word_embeddings.weight"), positions: table("position_embeddings.weight"),
      types: table("token_type_embeddings.weight"), ids: run.batch.ids, positionIDs: run.positions,
      typeIDs: run.batch.typeIDs)
    return layerNorm(
      sum, gamma: table("LayerNorm.weight"), beta: table("LayerNorm.bias"), epsilon: configuration.layerNormEpsilon
    ).dropout(run.dropout(configuration.hiddenDropout, layer: 0, site: 0, width: configuration.hiddenSize))
  }

  /// What the last states [N, H], or their [CLS] rows [B, H], become: embedding and logits.
  private func addOutputs(
    _ x: Tensor, isClassToken: Bool, _ run: BERTRun, _ activations: Set<Activation>, to response: inout Response
  ) {
    let classToken = isClassToken ? x : x.gatheredRows(run.classTokenRows)
    let pooled = linear(
      classToken, weight: run.weights(parameters[BERTParameters.pooler[0]]),
      bias: run.weights(parameters[BERTParameters.pooler[1]])
    ).tanh()
    if activations.contains(.embedding) {
      switch embedding {
      case .cls: response.set(.embedding, classToken)
      case .pooler: response.set(.embedding, pooled)
      case .mean: response.set(.embedding, x.segmentMeans(run.batch.offsets))
      }
    }
    if activations.contains(.logits) {
      let dropout = run.dropout(
        configuration.hiddenDropout, layer: 0, site: 1, width: configuration.hiddenSize, classTokenOnly: true)
      response.set(
        .logits,
        linear(
          pooled.dropout(dropout), weight: run.weights(parameters[BERTParameters.classifier[0]]),
          bias: run.weights(parameters[BERTParameters.classifier[1]])))
    }
  }

  private func keep(
    _ x: Tensor, after layer: Int, in response: inout Response, _ activations: Set<Activation>, _ run: BERTRun
  ) {
    if activations.contains(.hidden(layer: layer)) { response.set(.hidden(layer: layer), x) }
    if activations.contains(.classToken(layer: layer)) {
      response.set(.classToken(layer: layer), x.gatheredRows(run.classTokenRows))
    }
  }

  private func check(_ batch: TokenBatch, _ activations: Set<Activation>) throws {
    let card = card
    for activation in activations {
      if let refusal = card.refusal(of: activation, role: "encoder") { throw ContractError(refusal) }
    }
    for b in 0..<batch.sequenceCount {
      let length = batch.offsets[b + 1] - batch.offsets[b]
      if length == 0 { throw ContractError("sequence \(b) of the batch is empty") }
      if length > configuration.maximumPositions {
        throw ContractError("a sequence of \(length) tokens; this encoder takes \(configuration.maximumPositions)")
      }
    }
    if let id = batch.ids.first(where: { $0 < 0 || $0 >= configuration.vocabularySize }) {
      throw ContractError("token id \(id); this encoder has \(configuration.vocabularySize)")
    }
    if let type = batch.typeIDs.first(where: { $0 < 0 || $0 >= configuration.typeVocabularySize }) {
      throw ContractError("type id \(type); this encoder has \(configuration.typeVocabularySize)")
    }
  }

  public func write(to folder: URL) throws {
    try configuration.write(to: folder, task: task)
    try BERTWeights.write(parameters, to: folder)
    try tokenizer.write(to: folder)
  }
}

/// How far a set of activations makes an encoder go.
struct BERTPlan {
  let lastLayer: Int
  let needsTop: Bool
  /// Whether the last layer that runs needs its [CLS] rows only.
  let topIsClassToken: Bool

  init(_ activations: Set<Activation>, layers: Int, embedding: SequenceEmbedding) {
    let top = activations.contains(.logits) || activations.contains(.embedding)
    needsTop = top
    let last = top ? layers : activations.compactMap(\.layer).max() ?? 0
    lastLayer = last
    let needsAllRows =
      activations.contains(.hidden(layer: last)) || (activations.contains(.embedding) && embedding == .mean)
    topIsClassToken = last > 0 && !needsAllRows
  }
}

/// What all layers of one forward pass share.
struct BERTRun {
  let batch: TokenBatch
  let pass: Pass
  let positions: [Int32]
  let classTokenRows: [Int32]

  init(_ batch: TokenBatch, _ pass: Pass) {
    (self.batch, self.pass) = (batch, pass)
    positions = zip(batch.offsets, batch.offsets.dropFirst()).flatMap { Array(0..<Int32($1 - $0)) }
    classTokenRows = batch.offsets.dropLast().map(Int32.init)
  }

  func weights(_ parameter: Parameter) -> Tensor {
    if case .training = pass { parameter.variable } else { parameter.value }
  }

  /// The mask of one place in the network; its counters are places in the logical batch.
  func dropout(_ probability: Float, layer: Int, site: Int, width: Int, classTokenOnly: Bool = false) -> Dropout {
    dropout(
      probability, layer: layer, site: site,
      firstIndex: (classTokenOnly ? batch.firstSequence : batch.firstToken) * width)
  }

  func dropout(_ probability: Float, layer: Int, site: Int, firstIndex: Int) -> Dropout {
    guard case .training(let key) = pass, probability > 0 else { return .none }
    return Dropout(probability: probability, key: key.child(layer).child(site), firstIndex: firstIndex)
  }
}
