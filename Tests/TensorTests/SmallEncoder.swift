import DistillTensor

/// One encoder layer under a relational loss, large enough that every operation is cut into parts.
final class SmallEncoder {
  static let width = 128, inner = 256, heads = 4, vocabulary = 50
  /// Different lengths, 1 among them, 290 tokens together.
  static let lengths = [60, 1, 90, 17, 43, 79]
  let store: ParameterStore
  let ids: [Int32]
  let teacher: Tensor

  init(key: RandomKey = RandomKey(1)) throws {
    let (h, f) = (Self.width, Self.inner)
    store = try ParameterStore([
      .init("words", [Self.vocabulary, h], decays: true), .init("positions", [128, h], decays: true),
      .init("types", [2, h], decays: true), .init("gamma", [h], decays: false), .init("beta", [h], decays: false),
      .init("query", [h, h], decays: true), .init("key", [h, h], decays: true, adjoins: true),
      .init("value", [h, h], decays: true, adjoins: true), .init("qkv bias", [3 * h], decays: false),
      .init("output", [h, h], decays: true), .init("output bias", [h], decays: false),
      .init("up", [f, h], decays: true), .init("up bias", [f], decays: false),
      .init("down", [h, f], decays: true), .init("down bias", [h], decays: false),
    ])
    for parameter in store.parameters {
      parameter.assign(Tensor(normal: parameter.shape, standardDeviation: 0.1, key: key.child(parameter.name)))
    }
    let tokens = Self.lengths.reduce(0, +)
    ids = (0..<UInt64(tokens)).map { Int32(key.child("ids").integer(below: Self.vocabulary, $0)) }
    teacher = Tensor(normal: [Self.lengths.count, h], standardDeviation: 1, key: key.child("teacher")).l2Normalised()
  }

  /// The loss of one step, its hidden states, and all gradients.
  @discardableResult func step(_ key: RandomKey) -> [Tensor] {
    let (starts, tokens) = (Self.lengths.indices.map { Self.lengths[..<$0].reduce(0, +) }, ids.count)
    let layout = AttentionLayout(heads: Self.heads, queryOffsets: starts + [tokens], keyOffsets: starts + [tokens])
    func dropout(_ name: String) -> Dropout { Dropout(probability: 0.1, key: key.child(name)) }
    func variable(_ name: String) -> Tensor { store[name].variable }

    let embedded = layerNorm(
      embeddingSum(
        words: variable("words"), positions: variable("positions"), types: variable("types"), ids: ids,
        positionIDs: Self.lengths.flatMap { (0..<Int32($0)) }, typeIDs: ids.map { $0 % 2 }
      ).dropout(dropout("embedding")), gamma: variable("gamma"), beta: variable("beta"), epsilon: 1e-5)
    let projected = linear(
      embedded, weight: store.joined(["query", "key", "value"]).variable, bias: variable("qkv bias"))
    let mixed = attention(
      queries: projected, keysAndValues: projected, width: Self.width, layout: layout, dropout: dropout("attention"),
      returningProbabilities: true)
    let attended = layerNorm(
      linear(mixed.context, weight: variable("output")), bias: variable("output bias"),
      dropout: dropout("output"), residual: embedded, gamma: variable("gamma"), beta: variable("beta"), epsilon: 1e-5)
    let hidden = layerNorm(
      linear(
        activate(linear(attended, weight: variable("up")), bias: variable("up bias"), with: .gelu),
        weight: variable("down")), bias: variable("down bias"), residual: attended,
      gamma: variable("gamma"), beta: variable("beta"), epsilon: 1e-5)

    let student = hidden.gatheredRows(starts.map(Int32.init)).l2Normalised()
    let relations = klDivergence(
      softmax(matmul(teacher, teacher, transposeB: true) / 0.1),
      logProbabilities: logSoftmax(matmul(student, teacher, transposeB: true) / 0.1))
    let loss = relations + mixed.probabilities!.squared().mean() + (hidden.tanh() * hidden).mean()
    store.clearGradients()
    loss.backward()
    return [loss.detached, hidden.detached] + store.parameters.map { Tensor($0.gradient.values, $0.shape) }
  }
}
