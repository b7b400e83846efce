import DistillTensor
import Testing

/// One operation to be differentiated: what goes in, and how the outputs follow from it.
struct Case: Sendable, CustomTestStringConvertible {
  /// What an input may be, so that no step of a finite difference leaves the domain or crosses a kink.
  enum Domain { case normal, positive, distribution, grid, rowsOfDifferentLength }
  struct Input {
    let shape: Shape
    let domain: Domain
    static func normal(_ shape: Shape) -> Input { Input(shape: shape, domain: .normal) }
    static func positive(_ shape: Shape) -> Input { Input(shape: shape, domain: .positive) }
    static func distribution(_ shape: Shape) -> Input { Input(shape: shape, domain: .distribution) }
    static func grid(_ shape: Shape) -> Input { Input(shape: shape, domain: .grid) }
  }

  let name: String
  let inputs: [Input]
  let outputs: @Sendable ([Tensor]) -> [Tensor]
  var testDescription: String { name }

  init(_ name: String, _ inputs: [Input], _ outputs: @escaping @Sendable ([Tensor]) -> [Tensor]) {
    (self.name, self.inputs, self.outputs) = (name, inputs, outputs)
  }
  init(_ name: String, _ inputs: [Input], _ output: @escaping @Sendable ([Tensor]) -> Tensor) {
    self.init(name, inputs) { [output($0)] }
  }

  /// Outputs, and gradients of Σ weights · outputs with respect to the inputs.
  func run(_ inputs: [Tensor], weights: ([Tensor]) -> [Tensor]) -> (outputs: [Tensor], gradients: [Tensor]) {
    let variables = inputs.map { $0.variable() }
    let outputs = outputs(variables)
    backward(from: zip(outputs, weights(outputs)).map { (tensor: $0, gradient: $1) })
    let gradients = variables.map { $0.gradient ?? Tensor(repeating: 0, $0.shape) }
    return (outputs.map(\.detached), gradients)
  }
}

extension Case.Input {
  /// Reproducible values.
  func sample(_ key: RandomKey) -> Tensor {
    let noise = Tensor(normal: shape, standardDeviation: 1, key: key)
    switch domain {
    case .normal: return noise
    case .positive: return Tensor((0..<shape.count).map { 0.5 + 1.5 * Float(key.bits(UInt64($0))) / 0x1p32 }, shape)
    case .distribution: return (noise * 0.2).softmax()
    case .grid:  // at least 0.1 away from every multiple of 0.2
      return Tensor(key.permutation(shape.count).map { Float($0 - shape.count / 2) * 0.2 + 0.1 }, shape)
    case .rowsOfDifferentLength:  // as they are, zero, shorter than epsilon
      return noise * Tensor((0..<shape.rows).map { [1, 0, 0.05, 1][$0 % 4] }, [shape.rows, 1])
    }
  }
}

/// What PyTorch knows too. Names and shapes are those of Scripts/fixtures/tensor_operations.py.
let referenceCases: [Case] = {
  let pairs: [(Shape, Shape)] = [
    ([3, 4], [3, 4]), ([3, 4], [3, 1]), ([3, 4], [4]), ([3, 4], []), ([], [3, 4]), ([3, 1], [4]), ([2, 1, 3], [4, 1]),
  ]
  let lengths = [0, 3, 4, 8]
  let packed = AttentionLayout(heads: 2, queryOffsets: lengths, keyOffsets: lengths)
  let oneQuery = AttentionLayout(heads: 2, queryOffsets: [0, 1, 2, 3], keyOffsets: lengths)

  return pairs.flatMap { a, b in
    [
      Case("add \(a) \(b)", [.normal(a), .normal(b)]) { $0[0] + $0[1] },
      Case("subtract \(a) \(b)", [.normal(a), .normal(b)]) { $0[0] - $0[1] },
      Case("multiply \(a) \(b)", [.normal(a), .normal(b)]) { $0[0] * $0[1] },
      Case("divide \(a) \(b)", [.normal(a), .positive(b)]) { $0[0] / $0[1] },
    ]
  } + [
    Case("numbers", [.positive([3, 4])]) { x in
      [-x[0], x[0] + 1.5, 1.5 + x[0], x[0] - 1.5, 1.5 - x[0], x[0] * 1.5, 1.5 * x[0], x[0] / 1.5, 1.5 / x[0]]
    },
    Case("exp", [.normal([3, 4])]) { $0[0].exp() },
    Case("log", [.positive([3, 4])]) { $0[0].log() },
    Case("tanh", [.normal([3, 4])]) { $0[0].tanh() },
    Case("squareRoot", [.positive([3, 4])]) { $0[0].squareRoot() },
    Case("absolute", [.grid([3, 4])]) { $0[0].absolute() },
    Case("relu", [.grid([3, 4])]) { $0[0].relu() },
    Case("squared", [.normal([3, 4])]) { $0[0].squared() },
    Case("clamped", [.grid([3, 4])]) { x in
      [x[0].clamped(from: -0.6, to: 0.4), x[0].clamped(from: 0.2), x[0].clamped(to: 0.2)]
    },

    Case("matmul", [.normal([3, 5]), .normal([5, 2])]) { matmul($0[0], $0[1]) },
    Case("matmul A", [.normal([5, 3]), .normal([5, 2])]) { matmul($0[0], $0[1], transposeA: true) },
    Case("matmul B", [.normal([3, 5]), .normal([2, 5])]) { matmul($0[0], $0[1], transposeB: true) },
    Case("matmul AB", [.normal([5, 3]), .normal([2, 5])]) { matmul($0[0], $0[1], transposeA: true, transposeB: true) },
    Case("linear", [.normal([3, 5]), .normal([2, 5])]) { linear($0[0], weight: $0[1]) },
    Case("linear bias", [.normal([3, 5]), .normal([2, 5]), .normal([2])]) {
      linear($0[0], weight: $0[1], bias: $0[2])
    },

    Case("softmax", [.normal([2, 3, 4])]) { $0[0].softmax() },
    Case("logSoftmax", [.normal([2, 3, 4])]) { $0[0].logSoftmax() },
    Case("sum", [.normal([2, 3, 4])]) { $0[0].sum() },
    Case("mean", [.normal([2, 3, 4])]) { $0[0].mean() },
  ]
    + (0..<3).map { axis in
      Case("axis \(axis)", [.normal([2, 3, 4])]) { x in
        [
          x[0].sum(axis: axis), x[0].sum(axis: axis, keepingAxis: true), x[0].mean(axis: axis),
          x[0].mean(axis: axis, keepingAxis: true),
        ]
      }
    } + [
      Case("rows", [.normal([5, 2, 3])]) { [$0[0].rows(1..<4), $0[0].rows(4..<5)] },
      Case("columns", [.normal([2, 3, 5])]) { [$0[0].columns(1..<4), $0[0].columns(4..<5)] },
      Case("gatheredRows", [.normal([4, 3])]) { $0[0].gatheredRows([2, 0, 2, 3, 2]) },
      Case("picked", [.normal([4, 3])]) { $0[0].picked([2, 0, 2, 1]) },
      Case("transposed", [.normal([3, 4])]) { $0[0].transposed() },
      Case("reshaped", [.normal([3, 4])]) { $0[0].reshaped([2, 1, 6]) },
      Case("concatenatedRows", [.normal([2, 3]), .normal([1, 3]), .normal([3, 3])]) { concatenatedRows($0) },
      Case("expanded", [.normal([3, 1])]) { $0[0].expanded(to: [2, 3, 4]) },

      Case("l2Normalised", [.init(shape: [4, 5], domain: .rowsOfDifferentLength)]) { $0[0].l2Normalised(epsilon: 0.5) },
      Case("cosineSimilarity", [.normal([4, 5]), .normal([4, 5])]) { cosineSimilarity($0[0], $0[1]) },
    ] + layerNormCases(dropout: .none)
    + [FeedForwardActivation.gelu, .geluTanh, .relu].map { activation in
      Case("activate \(activation)", [.grid([3, 4]), .grid([4])]) {
        activate($0[0], bias: $0[1] * 0.05, with: activation)
      }
    } + [
      Case("embeddingSum", [.normal([5, 3]), .normal([4, 3]), .normal([2, 3])]) {
        embeddingSum(
          words: $0[0], positions: $0[1], types: $0[2], ids: [4, 0, 4, 2], positionIDs: [0, 1, 2, 3],
          typeIDs: [0, 0, 1, 1])
      },
      .attention("attention self", [[8, 12]], packed),
      .attention("attention self, probabilities", [[8, 12]], packed, .both),
      .attention("attention probabilities only", [[8, 12]], packed, .probabilities),
      .attention("attention wide", [[8, 14]], packed, .both),
      .attention("attention narrow", [[8, 8]], packed, .both),
      .attention("attention one query", [[3, 4], [8, 8]], oneQuery),
      .attention("attention one query, probabilities", [[3, 5], [8, 9]], oneQuery, .both),

      Case("klDivergence", [.distribution([4, 5]), .normal([4, 5])]) { klDivergence($0[0], logProbabilities: $0[1]) },
      Case("crossEntropy labels", [.normal([4, 3])]) { crossEntropy($0[0], labels: [2, 0, 1, 2]) },
      Case("crossEntropy probabilities", [.normal([4, 3]), .distribution([4, 3])]) {
        crossEntropy($0[0], probabilities: $0[1])
      },
      Case("packedKLDivergence", [.positive([52]), .positive([52])]) {
        packedKLDivergence($0[0], $0[1], offsets: lengths)
      },
      Case("selfRelations", [.normal([8, 6])]) { selfRelations($0[0], heads: 2, offsets: lengths) },
      Case("meanSquaredError", [.normal([4, 3]), .normal([4, 3])]) { meanSquaredError($0[0], $0[1]) },
      .biasedAttention("attention bias", [[8, 12]], packed),
      .biasedAttention("attention bias, one query", [[3, 4], [8, 8]], oneQuery),
    ]
}()

/// Masks are our own, so PyTorch has nothing to say about these.
let dropoutCases: [Case] = {
  let dropout = Dropout(probability: 0.4, key: RandomKey(3), firstIndex: 5)
  let lengths = [0, 3, 4, 8]
  let packed = AttentionLayout(heads: 2, queryOffsets: lengths, keyOffsets: lengths)
  return layerNormCases(dropout: dropout) + [
    Case("dropout", [.normal([3, 4])]) { $0[0].dropout(dropout) },
    .attention("attention dropout", [[8, 12]], packed, dropout: dropout),
    .attention("attention dropout, probabilities", [[8, 12]], packed, .both, dropout: dropout),
    .biasedAttention("attention bias dropout", [[8, 12]], packed, dropout: dropout),
    .classTokenAttention("classTokenAttention dropout", dropout: dropout),
    .classTokenAttention("classTokenAttention"),
  ]
}()

private func layerNormCases(dropout: Dropout) -> [Case] {
  [(false, false), (true, false), (false, true), (true, true)].map { bias, residual in
    let name =
      "layerNorm" + (bias ? " bias" : "") + (residual ? " residual" : "") + (dropout.probability > 0 ? " dropout" : "")
    let more: [Case.Input] = (bias ? [.normal([6])] : []) + (residual ? [.normal([4, 6])] : [])
    return Case(name, [.normal([4, 6]), .normal([6]), .normal([6])] + more) { x in
      layerNorm(
        x[0], bias: bias ? x[3] : nil, dropout: dropout, residual: residual ? x.last : nil, gamma: x[1], beta: x[2],
        epsilon: 1e-5)
    }
  }
}

extension Case {
  enum Results { case context, probabilities, both }

  /// Two heads over a width of 4; with one shape, queries, keys and values are one tensor.
  static func attention(
    _ name: String, _ shapes: [Shape], _ layout: AttentionLayout, _ results: Results = .context,
    dropout: Dropout = .none
  ) -> Case {
    Case(name, shapes.map(Input.normal)) { x in
      let (context, probabilities) = DistillTensor.attention(
        queries: x[0], keysAndValues: x[x.count - 1], width: 4, layout: layout, dropout: dropout,
        returningProbabilities: results != .context)
      return (results == .probabilities ? [] : [context]) + (probabilities.map { [$0] } ?? [])
    }
  }

  /// Two heads, and five rows for the distances −4 … 4.
  static func biasedAttention(
    _ name: String, _ shapes: [Shape], _ layout: AttentionLayout, dropout: Dropout = .none
  ) -> Case {
    Case(name, (shapes + [[5, 2]]).map(Input.normal)) { x in
      let (context, probabilities) = DistillTensor.attention(
        queries: x[0], keysAndValues: x[x.count - 2], width: 4, layout: layout,
        relativeBias: RelativeAttentionBias(table: x[x.count - 1], rows: [0, 1, 1, 2, 0, 3, 4, 4, 2]),
        dropout: dropout, returningProbabilities: true)
      return [context] + (probabilities.map { [$0] } ?? [])
    }
  }

  /// Two heads over a width of 4.
  static func classTokenAttention(_ name: String, dropout: Dropout = .none) -> Case {
    Case(name, [.normal([8, 4]), .normal([12, 4]), .normal([12])]) { x in
      DistillTensor.classTokenAttention(
        x[0], weight: x[1], bias: x[2], heads: 2, offsets: [0, 3, 4, 8], dropout: dropout)
    }
  }
}
