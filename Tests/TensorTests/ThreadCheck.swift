import DistillTensor

/// What is calculated on one thread and on several, and compared bit by bit.
enum ThreadCheck {
  /// What differs from one thread's bits.
  static func differing(threads: [Int]) throws -> [String] {
    var differing: [String] = []
    for (name, work) in try calculations {
      let alone = try Compute.$threads.withValue(1) { try work().map(bits) }
      for threads in threads {
        let together = try Compute.$threads.withValue(threads) { try work().map(bits) }
        if together != alone { differing.append("\(name): \(threads) threads") }
      }
    }
    return differing
  }

  private static func bits(_ x: Tensor) -> [UInt32] { x.values.map(\.bitPattern) }

  private static func normal(_ shape: Shape, _ name: String) -> Tensor {
    Tensor(normal: shape, standardDeviation: 1, key: RandomKey(11).child(name))
  }

  private static var calculations: [(String, () throws -> [Tensor])] {
    get throws {
      var all: [(String, () throws -> [Tensor])] = (referenceCases + dropoutCases).map { operation in
        (operation.name, { run(operation) })
      }
      all += largeCases.map { operation in (operation.name, { run(operation) }) }
      for precision in Precision.allCases where precision.isAvailable && precision.hasGradients {
        all += products.map { n, inputs, outputs in
          ("linear \(n) × \(inputs) × \(outputs), \(precision)", { product(n, inputs, outputs, precision) })
        }
        all.append(("three training steps, \(precision)", { try trainingSteps(precision) }))
      }
      return all
    }
  }

  private static func run(_ operation: Case) -> [Tensor] {
    let inputs = operation.inputs.enumerated().map { $1.sample(RandomKey(8).child($0)) }
    let (outputs, gradients) = operation.run(inputs) { outputs in
      outputs.enumerated().map { normal($1.shape, "weights \($0)") }
    }
    return outputs + gradients
  }

  /// Rows, inputs, outputs: below and above each size at which something is cut, and no multiples of a tile.
  private static let products = [
    (5, 70, 90), (31, 400, 1000), (33, 385, 1003), (300, 384, 1152), (301, 1152, 130), (1100, 200, 768),
    (2100, 390, 50),
  ]

  private static func product(_ n: Int, _ inputs: Int, _ outputs: Int, _ precision: Precision) -> [Tensor] {
    let (x, weight) = (normal([n, inputs], "x").variable(), normal([outputs, inputs], "w").variable())
    let y = Compute.$precision.withValue(precision) { linear(x, weight: weight) }
    y.backward(seed: normal(y.shape, "dy"))
    return [y] + [x, weight].compactMap(\.gradient)
  }

  private static func trainingSteps(_ precision: Precision) throws -> [Tensor] {
    try Compute.$precision.withValue(precision) {
      let encoder = try SmallEncoder()
      let optimiser = AdamW(encoder.store)
      var results: [Tensor] = []
      for step in 0..<3 {
        results += encoder.step(RandomKey(9).child(step))
        optimiser.update(learningRate: 1e-3, gradientScale: Float(1 / encoder.store.gradientNorm))
      }
      return results + [Tensor(encoder.store.snapshot, [encoder.store.snapshot.count])]
    }
  }

  /// Operations whose reference cases are too small to be cut.
  private static let largeCases: [Case] = {
    let offsets = [0, 140, 141, 300, 400]
    let layout = AttentionLayout(heads: 4, queryOffsets: offsets, keyOffsets: offsets)
    let matrix = Case.Input.normal([400, 192])
    return [
      Case("large elementwise", [matrix, matrix]) {
        [$0[0] + $0[1], $0[0] * $0[1], $0[0].tanh(), $0[0].exp(), 2 * $0[1]]
      },
      Case("large rows", [matrix]) { [$0[0].softmax(), $0[0].logSoftmax(), $0[0].l2Normalised(), $0[0].sum()] },
      Case("large layerNorm", [matrix, .normal([192]), .normal([192]), .normal([192]), matrix]) {
        layerNorm($0[0], bias: $0[1], residual: $0[4], gamma: $0[2], beta: $0[3], epsilon: 1e-5)
      },
      Case("large activations", [matrix, .normal([192])]) { x in
        [FeedForwardActivation.gelu, .geluTanh, .relu].map { activate(x[0], bias: x[1], with: $0) }
      },
      Case("large attention", [.normal([400, 192])]) {
        let both = attention(
          queries: $0[0], keysAndValues: $0[0], width: 64, layout: layout,
          dropout: Dropout(probability: 0.1, key: RandomKey(3)), returningProbabilities: true)
        return [both.context] + [both.probabilities].compactMap { $0 }
      },
      Case("large class token attention", [matrix, .normal([576, 192]), .normal([576])]) {
        classTokenAttention($0[0], weight: $0[1], bias: $0[2], heads: 4, offsets: offsets)
      },
      Case("large relations", [matrix, matrix]) {
        packedKLDivergence(
          selfRelations($0[0], heads: 4, offsets: offsets), selfRelations($0[1], heads: 4, offsets: offsets),
          offsets: offsets)
      },
      Case("large divergence", [matrix, matrix]) {
        klDivergence($0[0].softmax(), logProbabilities: $0[1].logSoftmax())
      },
    ]
  }()
}
