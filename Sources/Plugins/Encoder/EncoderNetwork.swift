import DistillCore

/// All parts of an encoder except its weights: its dimensions, tokenizer and task, and the forward pass.
///
/// The forward pass takes the weights as an argument. A finished model passes constants, and an encoder in training passes
/// variables, so both share this code.
struct EncoderNetwork: Sendable {
  let configuration: EncoderConfiguration
  let readout: Readout
  let pairs: PairReading
  let task: TaskKind
  let tokenizer: any Tokenizer
  let card: ModelCard
  let layout: ParameterLayout
  private let parameters: EncoderParameters
  private let words: ParameterPlace, positions: ParameterPlace
  /// The place of the table of types, or `nil` if there is none.
  private let types: ParameterPlace?
  private let gamma: ParameterPlace, beta: ParameterPlace
  /// The places of the map from the embeddings to the states, or `nil` if both have one width.
  private let projection: (weight: ParameterPlace, bias: ParameterPlace)?
  /// The place of the bias of attention and its row for each distance, or `nil` if there is none.
  private let relativeBias: (table: ParameterPlace, rows: [Int32])?
  private let layers: [EncoderLayer]
  /// The places of the pooler, or `nil` if the readout is another.
  private let pooler: (weight: ParameterPlace, bias: ParameterPlace)?
  private let classifier: (weight: ParameterPlace, bias: ParameterPlace)

  init(
    _ configuration: EncoderConfiguration, _ readout: Readout, _ pairs: PairReading, task: TaskKind,
    tokenizer: any Tokenizer
  ) throws {
    try pairs.check(tokenizer)
    (self.configuration, self.readout, self.pairs) = (configuration, readout, pairs)
    (self.task, self.tokenizer) = (task, tokenizer)
    card = TransformerEncoder.card(configuration, readout, pairs, task: task, vocabulary: tokenizer.fingerprint)
    let layout = try ParameterLayout(
      EncoderParameters.definitions(configuration, readout, pairs, outputs: task.outputs))
    self.layout = layout
    let (parameters, names) = (EncoderParameters(configuration.architecture), configuration.architecture.weights)
    func pair(_ names: [String]) -> (ParameterPlace, ParameterPlace) { (layout[names[0]], layout[names[1]]) }
    self.parameters = parameters
    words = layout[parameters.base(names.words)]
    positions = layout[parameters.base(names.positions)]
    types = configuration.architecture.hasTypes ? layout[parameters.base(names.types)] : nil
    (gamma, beta) = pair(EncoderParameters.dense(parameters.base(names.embeddingNorm)))
    projection =
      configuration.embeddingSize == configuration.hiddenSize
      ? nil : pair(EncoderParameters.dense(parameters.base(names.projection)))
    relativeBias = configuration.architecture.relativeBias.flatMap { bias in
      configuration.relativeRows.map { (layout[parameters.base(bias.weight)], $0) }
    }
    layers = (1...configuration.layers).map { EncoderLayer($0, in: layout, configuration) }
    pooler = readout == .pooler ? pair(parameters.pooler) : nil
    classifier = pair(parameters.classifier)
  }

  /// Returns the activations that depend on parameters of these names.
  ///
  /// The names are those of a pooler or classifier that is new because the file has none. Without names, the result is empty.
  func activations(restingOn names: some Collection<String>) -> Set<Activation> {
    var activations: Set<Activation> = names.isEmpty ? [] : [.logits]
    if names.contains(where: parameters.pooler.contains) { activations.insert(.embedding) }
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
    let relativeBias = relativeBias.map { RelativeAttentionBias(table: weights($0.table), rows: $0.rows) }
    func run(_ batch: TokenBatch) -> EncoderRun {
      EncoderRun(batch, configuration, relativeBias, weights: weights, dropout: key)
    }
    guard pairs == .separate else { return read(run(batch), activations) }
    guard batch.holdsPairs else { throw ContractError("an encoder that reads pairs apart was given a single text") }
    let texts = batch.separated()
    // Without dropout, a text that occurs several times is read once.
    let (distinct, rows) = key == nil ? texts.distinct() : (texts, Array(0..<texts.sequenceCount))
    let hidden = activations.filter { $0.kind == .hidden }
    let read = self.read(run(distinct), activations.isSubset(of: hidden) ? hidden : hidden.union([.embedding]))
    var response = Response()
    if !hidden.isEmpty {
      let tokens = batch.rows(in: distinct, rows)
      for activation in hidden { response.set(activation, try read[activation].gatheredRows(tokens)) }
    }
    guard activations != hidden else { return response }
    let embeddings = try read[.embedding]  // [texts, H]
    func side(_ first: Int) -> Tensor {
      embeddings.gatheredRows(stride(from: first, to: rows.count, by: 2).map { Int32(rows[$0]) })
    }
    let (u, v) = (side(0), side(1))
    addOutputs(
      concatenatedColumns([u, v, (u - v).absolute(), u * v]), run(batch), activations, to: &response)  // [B, 4H]
    return response
  }

  /// Calculates the activations of sequences.
  private func read(_ run: EncoderRun, _ activations: Set<Activation>) -> Response {
    let plan = EncoderPlan(activations, layers: configuration.layers, readout)
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

  /// Returns dropout(LayerNorm(words + positions + types)), mapped to the width of the states: [N, H].
  private func embed(_ run: EncoderRun) -> Tensor {
    let width = configuration.embeddingSize
    let sum = embeddingSum(
      words: run.weights(words), positions: run.weights(positions),
      types: types.map(run.weights) ?? Tensor(repeating: 0, [1, width]), ids: run.batch.ids,
      positionIDs: run.positions, typeIDs: run.types)
    let embedded = layerNorm(
      sum, gamma: run.weights(gamma), beta: run.weights(beta), epsilon: configuration.layerNormEpsilon
    ).dropout(run.dropout(configuration.hiddenDropout, layer: 0, site: 0, width: width))
    guard let projection else { return embedded }
    return linear(embedded, weight: run.weights(projection.weight), bias: run.weights(projection.bias))
  }

  /// Returns the readout of each sequence, [B, H]. `x` contains the last states [N, H], or only their [CLS] rows [B, H].
  private func readOut(_ x: Tensor, isClassToken: Bool, _ run: EncoderRun) -> Tensor {
    let read =
      readout == .mean
      ? x.segmentMeans(run.batch.offsets) : isClassToken ? x : x.gatheredRows(run.classTokenRows)  // [B, H]
    guard let pooler else { return read }
    let (weight, bias) = (run.weights(pooler.weight), run.weights(pooler.bias))
    switch configuration.architecture.headActivation {
    case .tanh: return linear(read, weight: weight, bias: bias).tanh()
    case .feedForward(let activation): return activate(linear(read, weight: weight), bias: bias, with: activation)
    }
  }

  /// Adds the embedding of each example, [B, H] or [B, 4H], and its logits to the response.
  private func addOutputs(
    _ embedding: Tensor, _ run: EncoderRun, _ activations: Set<Activation>, to response: inout Response
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
    _ x: Tensor, after layer: Int, in response: inout Response, _ activations: Set<Activation>, _ run: EncoderRun
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
      if length > configuration.maximumLength {
        throw ContractError("a sequence of \(length) tokens; this encoder takes \(configuration.maximumLength)")
      }
    }
    if let id = batch.ids.first(where: { $0 < 0 || $0 >= configuration.vocabularySize }) {
      throw ContractError("token id \(id); this encoder has \(configuration.vocabularySize)")
    }
    if configuration.readsTypes,
      let type = batch.typeIDs.first(where: { $0 < 0 || $0 >= configuration.typeVocabularySize })
    {
      throw ContractError("type id \(type); this encoder has \(configuration.typeVocabularySize)")
    }
  }
}
