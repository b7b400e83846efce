import DistillTensor
import Testing

/// The same numbers as bfloat16 has them.
private func rounded(_ x: Tensor) -> Tensor {
  Tensor(
    x.values.map { Float(bitPattern: ($0.bitPattern + 0x7fff + ($0.bitPattern >> 16 & 1)) & 0xffff_0000) }, x.shape)
}

@Suite(.enabled(if: Precision.bfloat16.isAvailable, "this processor has no AVX512_BF16"))
struct PrecisionTests {
  private func normal(_ shape: Shape, _ name: String) -> Tensor {
    Tensor(normal: shape, standardDeviation: 1, key: RandomKey(3).child(name))
  }

  /// y = [x]·[W]ᵀ + b, dx = [dy]·[W], dW = [dy]ᵀ·[x], db = Σ dy, brackets for the rounding.
  @Test(arguments: [(1, 24, 40), (33, 70, 130), (200, 96, 384)])
  func linearLayers(_ n: Int, _ inputs: Int, _ outputs: Int) throws {
    let (x, weight, bias, dy) = (
      normal([n, inputs], "x"), normal([outputs, inputs], "w"), normal([outputs], "b"), normal([n, outputs], "dy")
    )
    func run(threads: Int) throws -> [Tensor] {
      let leaves = [x, weight, bias].map { $0.variable() }
      let y = Compute.$threads.withValue(threads) {
        Compute.$precision.withValue(.bfloat16) { linear(leaves[0], weight: leaves[1], bias: leaves[2]) }
      }
      // Backward remembers the precision; what multiplies dy into it is no linear layer.
      Compute.$threads.withValue(threads) { (y * dy).sum().backward() }
      return [y] + (try leaves.map { try #require($0.gradient) })
    }
    let results = try run(threads: 1)
    let (rx, rw, rdy) = (rounded(x), rounded(weight), rounded(dy))
    let expected = [
      linear(rx, weight: rw, bias: bias), matmul(rdy, rw), matmul(rdy, rx, transposeA: true), dy.sum(axis: 0),
    ]
    for (result, expected) in zip(results, expected) { #expect(result.deviation(from: expected) < 2e-6) }
    #expect(results[0].deviation(from: linear(x, weight: weight, bias: bias)) > 1e-4, "nothing was rounded")
    #expect(try run(threads: 2).map(\.values) == results.map(\.values))
  }

  /// A row's answer is its own, whatever else is in the batch.
  @Test func rowsAreIndependent() {
    let (x, weight) = (normal([64, 96], "x"), normal([160, 96], "w"))
    Compute.$precision.withValue(.bfloat16) {
      let all = linear(x, weight: weight)
      for row in [0, 13, 14, 63] {
        #expect(linear(x.rows(row..<row + 1), weight: weight).values == all.rows(row..<row + 1).values)
      }
    }
  }

  /// The rounded copy of a parameter goes with its values, and that of a part is not that of the whole.
  @Test func changedWeights() throws {
    let store = try ParameterStore([
      .init("query", [32, 32], decays: true), .init("key", [32, 32], decays: true, adjoins: true),
    ])
    let (x, both) = (normal([5, 32], "x"), store.joined(["query", "key"]))
    func check() {
      let answers = Compute.$precision.withValue(.bfloat16) {
        [linear(x, weight: both.value), linear(x, weight: store["query"].value)]
      }
      let expected = [both, store["query"]].map { linear(rounded(x), weight: rounded($0.value)) }
      #expect(answers.deviation(from: expected) < 2e-6)
    }
    for parameter in store.parameters { parameter.assign(normal(parameter.shape, parameter.name)) }
    check()
    let before = store.snapshot
    store["key"].assign(normal([32, 32], "other"))
    check()
    store["query"].assign(store["key"].value.values)
    check()
    linear(x, weight: both.variable).sum().backward()
    AdamW(store).update(learningRate: 0.1)
    check()
    store.snapshot = before
    check()
  }

  @Test func lossesStayInFloat32() {
    let (a, b) = (normal([40, 64], "a"), normal([64, 40], "b"))
    #expect(Compute.$precision.withValue(.bfloat16) { matmul(a, b) }.values == matmul(a, b).values)
  }
}

@Suite(.enabled(if: Precision.int8.isAvailable, "this processor has no AVX512_VNNI"))
struct QuantisedWeightTests {
  private func normal(_ shape: Shape, _ name: String) -> Tensor {
    Tensor(normal: shape, standardDeviation: 1, key: RandomKey(4).child(name))
  }

  /// Large weights are quantised, and small ones such as a classifier's are not.
  @Test func linearLayers() {
    for (n, inputs, outputs) in [(1, 600, 700), (20, 1537, 300), (129, 480, 161), (20, 256, 256)] {
      let (x, weight) = (normal([n, inputs], "x"), normal([outputs, inputs], "w"))
      func run(threads: Int) -> Tensor {
        Compute.$threads.withValue(threads) { Compute.$precision.withValue(.int8) { linear(x, weight: weight) } }
      }
      let answer = run(threads: 1)
      let deviation = answer.deviation(from: matmul(x, weight, transposeB: true))
      #expect(inputs == 256 ? deviation == 0 : deviation > 1e-4 && deviation < 0.02, "\(n): \(deviation)")
      #expect(run(threads: 2).values == answer.values)
    }
  }

  /// A layer norm with a few large columns: told of it, int8 is nearer to the product.
  @Test func afterALayerNorm() {
    let weight = normal([160, 480], "w"), beta = normal([480], "beta")
    let gamma = Tensor((0..<480).map { $0 % 100 == 7 ? 50 : 1 }, [480])
    let x = layerNorm(normal([20, 480], "x"), gamma: gamma, beta: beta, epsilon: 1e-12)
    let exact = matmul(x, weight, transposeB: true)
    Compute.$precision.withValue(.int8) {
      let without = linear(x, weight: weight).deviation(from: exact)
      let with = linear(x, weight: weight, after: LayerNormParameters(gamma: gamma, beta: beta)).deviation(from: exact)
      #expect(with > 0 && with < without / 2, "\(with), \(without)")
    }
    let float = linear(x, weight: weight, after: LayerNormParameters(gamma: gamma, beta: beta))
    #expect(float.values == exact.values)
  }

  /// In int8 a row's answer is its own to the bit, whatever else is in the batch.
  @Test func rowsAreIndependent() {
    let (x, weight) = (normal([300, 480], "x"), normal([160, 480], "w"))
    Compute.$precision.withValue(.int8) {
      let all = linear(x, weight: weight)
      for row in [0, 13, 14, 299] {
        #expect(linear(x.rows(row..<row + 1), weight: weight).values == all.rows(row..<row + 1).values)
      }
    }
  }

  /// The packed copy of a parameter goes with its values.
  @Test func changedWeights() throws {
    let store = try ParameterStore([.init("w", [300, 1000], decays: true)])
    let x = normal([5, 1000], "x")
    for name in ["a", "b"] {
      store["w"].assign(normal([300, 1000], name))
      let answer = Compute.$precision.withValue(.int8) { linear(x, weight: store["w"].value) }
      #expect(answer.deviation(from: matmul(x, store["w"].value, transposeB: true)) < 0.02, "\(name)")
    }
  }
}
