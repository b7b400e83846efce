import DistillCore
import Foundation

extension ActivationKind {
  /// [N, H]: what the Fourier transform of a layer's input adds to it. The core has never heard of it.
  public static let mixing = ActivationKind("mixing", .perToken(.width), firstLayer: 1)
}

/// FNet (Lee-Thorp et al. 2021, arXiv 2105.03824): BERT whose attention is a Fourier transform, which has no parameters.
///
/// A layer makes y = LayerNorm(x + Re F_T(F_H(x))) of its states x [T, H], with transforms F over the tokens of a sequence and over
/// the width, and LayerNorm(y + FFN(y)) of that. Everything but the weights is here: the forward pass is written once, over a
/// place that gives the tensor of a parameter.
struct FNetNetwork: Sendable {
  let shape: FNetShape
  let task: TaskKind
  let tokenizer: any Tokenizer
  let card: ModelCard
  let layout: ParameterLayout

  /// The last layer's states are read at their first token, [CLS]: embedding and logits are made of it.
  init(_ shape: FNetShape, task: TaskKind, tokenizer: any Tokenizer) throws {
    (self.shape, self.task, self.tokenizer) = (shape, task, tokenizer)
    layout = try ParameterLayout(Self.definitions(shape, outputs: task.outputs))
    card = Self.card(shape, task: task, vocabulary: tokenizer.fingerprint)
  }

  static func card(_ shape: FNetShape, task: TaskKind, vocabulary: String) -> ModelCard {
    let parameters = definitions(shape, outputs: task.outputs).reduce(0) { $0 + $1.shape.count }
    return ModelCard(
      architecture: "fnet", layers: shape.layers, heads: 0, width: shape.width, embeddingWidth: shape.width,
      outputs: task.outputs, maximumLength: shape.maximumLength, vocabulary: vocabulary, parameters: parameters,
      activations: [.logits, .embedding, .hidden, .classToken, .mixing])
  }

  static func definitions(_ shape: FNetShape, outputs: Int) -> [ParameterDefinition] {
    let (h, f) = (shape.width, shape.innerWidth)
    func dense(_ name: String, _ outputs: Int, _ inputs: Int) -> [ParameterDefinition] {
      [.init("\(name).weight", [outputs, inputs], decays: true), .init("\(name).bias", [outputs], decays: false)]
    }
    func norm(_ name: String) -> [ParameterDefinition] {
      [.init("\(name).gain", [h], decays: false), .init("\(name).shift", [h], decays: false)]
    }
    let tables = [("words", shape.vocabularySize), ("positions", shape.maximumLength), ("types", 2)]
    return tables.map { ParameterDefinition($0.0, [$0.1, h], decays: true) } + norm("norm.0")
      + (1...shape.layers).flatMap {
        norm("mixing.\($0)") + dense("wide.\($0)", f, h) + dense("narrow.\($0)", h, f) + norm("norm.\($0)")
      } + dense("classifier", outputs, h)
  }

  /// First values of a parameter: normal for matrices, one for gains, zero for every other vector.
  static func initialValues(_ definition: ParameterDefinition, _ key: RandomKey) -> [Float] {
    if definition.shape.rank == 2 {
      return Tensor(normal: definition.shape, standardDeviation: 0.02, key: key.child(definition.name)).values
    }
    return Array(repeating: definition.name.hasSuffix(".gain") ? 1 : 0, count: definition.shape.count)
  }

  /// - `key`: of the dropout masks; nil for none.
  /// - `tensor`: the parameter at a place: a constant of a model, a variable in training.
  func respond(
    to batch: TokenBatch, with activations: Set<Activation>, dropout key: RandomKey?,
    _ tensor: (ParameterPlace) -> Tensor
  ) throws -> Response {
    try check(batch, activations)
    func parameter(_ name: String) -> Tensor { tensor(layout[name]) }
    func dropout(_ layer: Int, _ site: Int) -> Dropout {
      guard let key, shape.dropout > 0 else { return .none }
      // Masks are functions of places in the logical batch, so that a piece of it meets its own.
      return Dropout(
        probability: shape.dropout, key: key.child(layer).child(site), firstIndex: batch.firstToken * shape.width)
    }
    func norm(_ x: Tensor, _ name: String, plus residual: Tensor? = nil) -> Tensor {
      layerNorm(
        x, residual: residual, gamma: parameter("\(name).gain"), beta: parameter("\(name).shift"), epsilon: 1e-12)
    }
    let classTokens = batch.offsets.dropLast().map(Int32.init)
    var response = Response()
    func keep(_ x: Tensor, _ layer: Int) {
      if activations.contains(.hidden(layer: layer)) { response.set(.hidden(layer: layer), x) }
      if activations.contains(.classToken(layer: layer)) {
        response.set(.classToken(layer: layer), x.gatheredRows(classTokens))
      }
    }

    let positions = zip(batch.offsets, batch.offsets.dropFirst()).flatMap { Array(0..<Int32($1 - $0)) }
    var x = norm(
      embeddingSum(
        words: parameter("words"), positions: parameter("positions"), types: parameter("types"), ids: batch.ids,
        positionIDs: positions, typeIDs: batch.typeIDs), "norm.0"
    ).dropout(dropout(0, 0))
    keep(x, 0)
    let readsTop = activations.contains(.logits) || activations.contains(.embedding)
    let last = readsTop ? shape.layers : activations.compactMap(\.layer).max() ?? 0
    for layer in 1..<last + 1 {
      let mixing = fourierTransform(x, batch.offsets)
      if activations.contains(Activation(.mixing, layer: layer)) {
        response.set(Activation(.mixing, layer: layer), mixing)
      }
      let mixed = norm(mixing, "mixing.\(layer)", plus: x)
      let wide = activate(
        linear(mixed, weight: parameter("wide.\(layer).weight")), bias: parameter("wide.\(layer).bias"), with: .gelu)
      let narrow = linear(wide, weight: parameter("narrow.\(layer).weight"), bias: parameter("narrow.\(layer).bias"))
      x = norm(narrow.dropout(dropout(layer, 0)), "norm.\(layer)", plus: mixed)
      keep(x, layer)
    }
    guard readsTop else { return response }
    let embedding = x.gatheredRows(classTokens)
    if activations.contains(.embedding) { response.set(.embedding, embedding) }
    if activations.contains(.logits) {
      response.set(
        .logits, linear(embedding, weight: parameter("classifier.weight"), bias: parameter("classifier.bias")))
    }
    return response
  }

  private func check(_ batch: TokenBatch, _ activations: Set<Activation>) throws {
    for activation in activations {
      if let refusal = card.refusal(of: activation, role: "encoder") { throw ContractError(refusal) }
    }
    for (start, end) in zip(batch.offsets, batch.offsets.dropFirst())
    where !(1...shape.maximumLength).contains(end - start) {
      throw ContractError("a sequence of \(end - start) tokens; this encoder takes 1 to \(shape.maximumLength)")
    }
    if let id = batch.ids.first(where: { !(0..<Int32(shape.vocabularySize)).contains($0) }) {
      throw ContractError("token id \(id); this encoder has \(shape.vocabularySize)")
    }
    if let type = batch.typeIDs.first(where: { !(0..<2).contains($0) }) {
      throw ContractError("type id \(type); this encoder has 2")
    }
  }
}

/// Re F_T(F_H(x)) of each sequence: [N, H] → [N, H], by products with cosines and sines.
private func fourierTransform(_ x: Tensor, _ offsets: [Int]) -> Tensor {
  let width = waves(x.shape[1])
  let (cosines, sines) = (matmul(x, width.cosines), matmul(x, width.sines))
  return concatenatedRows(
    zip(offsets, offsets.dropFirst()).map { start, end in
      let tokens = waves(end - start)
      return matmul(tokens.cosines, cosines.rows(start..<end)) - matmul(tokens.sines, sines.rows(start..<end))
    })
}

/// cos and sin of 2π·jk/n, each [n, n].
private func waves(_ n: Int) -> (cosines: Tensor, sines: Tensor) {
  let turns = (0..<n).flatMap { j in (0..<n).map { k in 2 * Double.pi * Double(j * k % n) / Double(n) } }
  return (Tensor(turns.map { Float(cos($0)) }, [n, n]), Tensor(turns.map { Float(sin($0)) }, [n, n]))
}
