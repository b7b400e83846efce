import DistillCore

/// All parts of a BERT encoder except its weights: its dimensions, tokenizer and task, and the forward pass.
///
/// The forward pass takes the weights as an argument. A finished model passes constants, and an encoder in training passes
/// variables, so both share this code.
struct BERTNetwork: Sendable {
  let configuration: BERTConfiguration
  let readout: Readout
  let pairs: PairReading
  let task: TaskKind
  let tokenizer: any Tokenizer
  let card: ModelCard
  let layout: ParameterLayout
  private let words: ParameterPlace, positions: ParameterPlace, types: ParameterPlace
  private let gamma: ParameterPlace, beta: ParameterPlace
  private let layers: [BERTLayer]
  /// The places of the pooler, or `nil` if the readout is another.
  private let pooler: (weight: ParameterPlace, bias: ParameterPlace)?
  private let classifier: (weight: ParameterPlace, bias: ParameterPlace)

  init(
    _ configuration: BERTConfiguration, _ readout: Readout, _ pairs: PairReading, task: TaskKind,
    tokenizer: any Tokenizer
  ) throws {
    (self.configuration, self.readout, self.pairs) = (configuration, readout, pairs)
    (self.task, self.tokenizer) = (task, tokenizer)
    card = BERTEncoder.card(configuration, readout, pairs, task: task, vocabulary: tokenizer.fingerprint)
    let layout = try ParameterLayout(BERTParameters.definitions(configuration, readout, pairs, outputs: task.outputs))
    self.layout = layout
    words = layout["bert.embeddings.word_embeddings.weight"]
    positions = layout["bert.embeddings.position_embeddings.weight"]
    types = layout["bert.embeddings.token_type_embeddings.weight"]
    (gamma, beta) = (layout["bert.embeddings.LayerNorm.weight"], layout["bert.embeddings.LayerNorm.bias"])
    layers = (1...configuration.layers).map { BERTLayer($0, in: layout, configuration) }
    pooler = readout == .pooler ? (layout[BERTParameters.pooler[0]], layout[BERTParameters.pooler[1]]) : nil
    classifier = (layout[BERTParameters.classifier[0]], layout[BERTParameters.classifier[1]])
  }

  /// Returns the activations that depend on parameters of these names.
  ///
  /// The names are those of a pooler or classifier that is new because the file has none. Without names, the result is empty.
  func activations(restingOn names: some Collection<String>) -> Set<Activation> {
    var activations: Set<Activation> = names.isEmpty ? [] : [.logits]
    if names.contains(where: BERTParameters.pooler.contains) { activations.insert(.embedding) }
    return activations
  }

  /// Calculates the activations of a batch.
  ///
  /// - `key`: The key of the dropout masks, or `nil` for no dropout.
  /// - `weights`: Returns the tensor at a place.
  /// - Throws: ``ContractError`` if the encoder does not have an activation or a token, or if a sequence is empty or too long.
  func respond(
    to batch: TokenBatch, with activations: Set<Activation>, dropout key: RandomKey? = nil,
    weights: @escaping (ParameterPlace) -> Tensor
  ) throws -> Response {
    try check(batch, activations)
    func run(_ batch: TokenBatch) -> BERTRun { BERTRun(batch, weights: weights, dropout: key) }
    guard pairs == .separate else { return read(run(batch), activations) }
    guard batch.holdsPairs else { throw ContractError("an encoder that reads pairs apart was given a single text") }
    let texts = batch.separated()
    // Without dropout, a text that occurs several times is read once.
    let (distinct, rows) = key == nil ? texts.distinct() : (texts, Array(0..<texts.sequenceCount))
    let embeddings = try read(run(distinct), [.embedding])[.embedding]  // [texts, H]
    func side(_ first: Int) -> Tensor {
      embeddings.gatheredRows(stride(from: first, to: rows.count, by: 2).map { Int32(rows[$0]) })
    }
    let (u, v) = (side(0), side(1))
    var response = Response()
    addOutputs(
      concatenatedColumns([u, v, (u - v).absolute(), u * v]), run(batch), activations, to: &response)  // [B, 4H]
    return response
  }

  /// Calculates the activations of sequences.
  private func read(_ run: BERTRun, _ activations: Set<Activation>) -> Response {
    let plan = BERTPlan(activations, layers: configuration.layers, readout)
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
    if plan.needsTop {
      addOutputs(readOut(x, isClassToken: plan.topIsClassToken, run), run, activations, to: &response)
    }
    return response
  }

  /// Returns dropout(LayerNorm(words + positions + types)), [N, H].
  private func embed(_ run: BERTRun) -> Tensor {
    let sum = embeddingSum(
      words: run.weights(words), positions: run.weights(positions), types: run.weights(types), ids: run.batch.ids,
      positionIDs: run.positions, typeIDs: run.batch.typeIDs)
    return layerNorm(
      sum, gamma: run.weights(gamma), beta: run.weights(beta), epsilon: configuration.layerNormEpsilon
    ).dropout(run.dropout(configuration.hiddenDropout, layer: 0, site: 0, width: configuration.hiddenSize))
  }

  /// Returns the readout of each sequence, [B, H]. `x` contains the last states [N, H], or only their [CLS] rows [B, H].
  private func readOut(_ x: Tensor, isClassToken: Bool, _ run: BERTRun) -> Tensor {
    let read =
      readout == .mean
      ? x.segmentMeans(run.batch.offsets) : isClassToken ? x : x.gatheredRows(run.classTokenRows)  // [B, H]
    guard let pooler else { return read }
    return linear(read, weight: run.weights(pooler.weight), bias: run.weights(pooler.bias)).tanh()
  }

  /// Adds the embedding of each example, [B, H] or [B, 4H], and its logits to the response.
  private func addOutputs(
    _ embedding: Tensor, _ run: BERTRun, _ activations: Set<Activation>, to response: inout Response
  ) {
    if activations.contains(.embedding) { response.set(.embedding, embedding) }
    if activations.contains(.logits) {
      let dropout = run.dropout(
        configuration.hiddenDropout, layer: 0, site: 1, width: card.embeddingWidth, classTokenOnly: true)
      response.set(
        .logits,
        linear(embedding.dropout(dropout), weight: run.weights(classifier.weight), bias: run.weights(classifier.bias)))
    }
  }

  /// Adds the states after a layer to the response, if they are requested.
  private func keep(
    _ x: Tensor, after layer: Int, in response: inout Response, _ activations: Set<Activation>, _ run: BERTRun
  ) {
    if activations.contains(.hidden(layer: layer)) { response.set(.hidden(layer: layer), x) }
    if activations.contains(.classToken(layer: layer)) {
      response.set(.classToken(layer: layer), x.gatheredRows(run.classTokenRows))
    }
  }

  /// Checks that the encoder has all requested activations, and can read all sequences and ids of a batch.
  private func check(_ batch: TokenBatch, _ activations: Set<Activation>) throws {
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
}
