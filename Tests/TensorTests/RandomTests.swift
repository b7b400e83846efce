import DistillTensor
import Testing

extension TensorTests {
  @Suite struct Randomness {
    let key = RandomKey(2024)

    @Test(arguments: [0, 1, 2, 17, 1000])
    func permutationsHoldEveryNumberOnce(count: Int) {
      let order = key.permutation(count)
      #expect(order.sorted() == Array(0..<count))
      #expect(order == key.permutation(count))
      if count > 16 { #expect(order != key.child(1).permutation(count) && order != Array(0..<count)) }
    }

    /// χ² over the 24 orders of four things has 23 degrees of freedom; 1 in 10⁵ exceeds 61.
    @Test func permutationsAreEquallyLikely() {
      var counts: [[Int]: Double] = [:]
      for i in 0..<24_000 { counts[key.child(i).permutation(4), default: 0] += 1 }
      let chiSquared = counts.values.reduce(0) { $0 + ($1 - 1000) * ($1 - 1000) / 1000 }
      #expect(counts.count == 24 && chiSquared < 61, "χ² = \(chiSquared)")
    }

    @Test func childrenDiffer() {
      let keys =
        [key, key.child(""), key.child("a"), key.child("ab"), key.child("ba"), key.child("a").child("b"), RandomKey(0)]
        + (-2..<1000).map { key.child($0) } + (0..<10).map { key.child(1).child($0) }
      #expect(Set(keys).count == keys.count)
      #expect(RandomKey(1).child(2) != RandomKey(2).child(1))
    }

    /// Buckets of 10⁵ draws: 9 degrees of freedom, 1 in 10⁵ exceeds 41. Moments within five standard errors.
    @Test func numbersAreUniformAndNormal() {
      let n = 100_000
      var buckets = [Double](repeating: 0, count: 10)
      var (mean, square) = (0.0, 0.0)
      for i in 0..<UInt64(n) {
        buckets[key.integer(below: 10, i)] += 1
        let x = Double(key.child("normal").normal(i))
        mean += x / Double(n)
        square += x * x / Double(n)
      }
      #expect(buckets.reduce(0) { $0 + ($1 - 1e4) * ($1 - 1e4) / 1e4 } < 41)
      #expect(abs(mean) < 5 * 0.00317)  // 1/√n
      #expect(abs(square - 1) < 5 * 0.00448)  // √(2/n)
    }

    @Test(arguments: [Float(0.1), 0.5, 0.9])
    func dropoutKeepsTheMean(probability: Float) {
      let n = 200_000
      let ones = Tensor(repeating: 1, [n])
      let y = ones.dropout(Dropout(probability: probability, key: key)).values
      let kept = 1 / (1 - probability)
      #expect(y.allSatisfy { $0 == 0 || abs($0 - kept) < 1e-6 * kept })
      let share = Double(y.count { $0 != 0 }) / Double(n)
      let error = (Double(probability * (1 - probability)) / Double(n)).squareRoot()
      #expect(abs(share - Double(1 - probability)) < 5 * error)
      #expect(y != ones.dropout(Dropout(probability: probability, key: key.child(1))).values)
    }

    /// A batch cut after four rows (and one sequence) has the masks of the whole one.
    @Test func masksDoNotDependOnHowTheBatchIsCut() {
      let x = Tensor(normal: [10, 12], standardDeviation: 1, key: key)
      let gamma = Tensor(normal: [12], standardDeviation: 1, key: key.child(1))
      func dropout(_ first: Int) -> Dropout { Dropout(probability: 0.3, key: key, firstIndex: first) }
      func pieces(_ body: (Tensor, Int) -> Tensor) -> [[Float]] {
        [body(x, 0).values, concatenatedRows([body(x.rows(0..<4), 0), body(x.rows(4..<10), 4)]).values]
      }
      func layer(_ x: Tensor, _ row: Int) -> Tensor {
        layerNorm(x, bias: gamma, dropout: dropout(row * 12), residual: x, gamma: gamma, beta: gamma, epsilon: 1e-5)
      }
      func context(_ x: Tensor, _ row: Int) -> Tensor {
        let offsets = x.shape[0] == 10 ? [0, 4, 5, 10] : row == 0 ? [0, 4] : [0, 1, 6]
        return attention(
          queries: x, keysAndValues: x, width: 4,
          layout: AttentionLayout(heads: 2, queryOffsets: offsets, keyOffsets: offsets),
          dropout: dropout(row == 0 ? 0 : 2 * 16)
        ).context
      }
      let all = [pieces { $0.dropout(dropout($1 * 12)) }, pieces(layer), pieces(context)]
      for results in all { #expect(results[0] == results[1]) }
    }

    /// Without keys and values as with them, thinned out or not.
    @Test(arguments: [0, 0.3]) func theClassTokenAttendsWithoutKeys(_ probability: Float) {
      let (offsets, width, heads) = ([0, 7, 8, 30, 41], 24, 3)
      let dropout = Dropout(probability: probability, key: key, firstIndex: 11)
      let inputs = ([[41, 24], [72, 24], [72]] as [Shape]).enumerated().map {
        Tensor(normal: $1, standardDeviation: 0.5, key: key.child($0))
      }
      let seed = Tensor(normal: [4, 24], standardDeviation: 1, key: key.child("seed"))
      func run(_ body: ([Tensor]) -> Tensor) -> [Tensor] {
        let leaves = inputs.map { $0.variable() }
        let result = body(leaves)
        result.backward(seed: seed)
        return [result.detached] + leaves.compactMap(\.gradient)
      }
      let without = run {
        classTokenAttention($0[0], weight: $0[1], bias: $0[2], heads: heads, offsets: offsets, dropout: dropout)
      }
      let with = run { x in
        let first = x[0].gatheredRows(offsets.dropLast().map(Int32.init))
        return attention(
          queries: linear(first, weight: x[1].rows(0..<width), bias: x[2].rows(0..<width)),
          keysAndValues: linear(x[0], weight: x[1].rows(width..<3 * width), bias: x[2].rows(width..<3 * width)),
          width: width, layout: AttentionLayout(heads: heads, queryOffsets: [0, 1, 2, 3, 4], keyOffsets: offsets),
          dropout: dropout
        ).context
      }
      #expect(without.deviation(from: with) < 2e-6)
      #expect(without[3].values[width..<2 * width].allSatisfy { $0 == 0 }, "no softmax sees the keys' bias")
    }

    /// The fused operations against their parts.
    @Test func fusedDropoutIsDropout() {
      let dropout = Dropout(probability: 0.3, key: key, firstIndex: 7)
      let x = Tensor(normal: [5, 6], standardDeviation: 1, key: key.child(1))
      let (bias, one, zero) = (x.rows(0..<1).reshaped([6]), Tensor(repeating: 1, [6]), Tensor(repeating: 0, [6]))
      let parts = layerNorm((x + bias).dropout(dropout) + x, gamma: one, beta: zero, epsilon: 1e-5)
      let fused = layerNorm(x, bias: bias, dropout: dropout, residual: x, gamma: one, beta: zero, epsilon: 1e-5)
      #expect(fused.deviation(from: parts) < 1e-6)

      let layout = AttentionLayout(heads: 1, queryOffsets: [0, 5], keyOffsets: [0, 5])
      let (context, p) = attention(
        queries: x, keysAndValues: x, width: 2, layout: layout, dropout: dropout, returningProbabilities: true)
      let expected = matmul((p ?? x).dropout(dropout).reshaped([5, 5]), x.columns(4..<6))
      #expect(context.deviation(from: expected) < 1e-6)
    }
  }
}
