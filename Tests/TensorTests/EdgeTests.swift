import DistillTensor
import Testing

extension TensorTests {
  @Suite struct Edges {
    /// Fills the pool with blocks of NaN, so that memory that nobody writes is seen.
    init() {
      for count in [1, 100, 200, 500, 1000] { _ = (0..<20).map { _ in Tensor(repeating: .nan, [count]) } }
    }

    @Test func nothingHasNoRows() {
      let x = Tensor([], [0, 4]).variable()
      let (vector, weight) = (Tensor(repeating: 1, [4]).variable(), Tensor(repeating: 1, [3, 4]).variable())
      let outputs = [
        linear(x, weight: weight, bias: Tensor(repeating: 1, [3])), x.softmax(), x.logSoftmax(), x.l2Normalised(),
        layerNorm(x, bias: vector, residual: x, gamma: vector, beta: vector, epsilon: 1e-5),
        activate(x, bias: vector, with: .gelu), x.rows(0..<0), x.columns(1..<3), x.gatheredRows([]), x.picked([]),
        x.transposed(), concatenatedRows([x, x]), x + vector, x.exp(), x.sum(), x.sum(axis: 1), x.sum(axis: 0),
        x.dropout(Dropout(probability: 0.5, key: RandomKey(0))), cosineSimilarity(x, x),
        embeddingSum(words: weight, positions: weight, types: weight, ids: [], positionIDs: [], typeIDs: []),
      ]
      backward(from: outputs.map { ($0, Tensor(repeating: 1, $0.shape)) })
      #expect(outputs.allSatisfy { $0.isFinite })
      #expect(vector.gradient?.values == [0, 0, 0, 0])
      #expect(weight.gradient?.magnitude == 0)
      #expect(x.rowMaxima().isEmpty && x.rowArgmax().isEmpty)
    }

    /// Few rows are multiplied by our own kernel, many by BLAS.
    @Test(arguments: [1, 10, 32, 33]) func fewRowsTimesManyAreTheFirstOfMany(_ rows: Int) {
      let a = Tensor(normal: [200, 385], standardDeviation: 1, key: RandomKey(1))
      let b = Tensor(normal: [1003, 385], standardDeviation: 1, key: RandomKey(2))
      let all = matmul(a, b, transposeB: true).rows(0..<rows)
      let few = matmul(a.rows(0..<rows), b, transposeB: true)
      #expect([few].deviation(from: [all]) < 1e-6)
    }

    @Test func productsOverNothingAreZero() {
      let (a, b) = (Tensor([], [30, 0]).variable(), Tensor([], [0, 20]).variable())
      #expect(matmul(a, b).values == [Float](repeating: 0, count: 600))
    }

    @Test func sequencesMayBeEmpty() {
      let (q, kv) = (Tensor(repeating: 1, [3, 2]).variable(), Tensor(repeating: 1, [4, 4]).variable())
      // No query for the first three keys, no key for the last two queries.
      let layout = AttentionLayout(heads: 1, queryOffsets: [0, 0, 1, 3], keyOffsets: [0, 3, 4, 4])
      let context = attention(queries: q, keysAndValues: kv, width: 2, layout: layout).context
      #expect(context.values == [1, 1, 0, 0, 0, 0])
      context.sum().backward()
      #expect(q.gradient?.magnitude == 0)
      #expect(kv.gradient?.values == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    }

    @Test func zeroRowsNormaliseToZero() {
      let x = Tensor([0, 0, 3, 4], [2, 2]).variable()
      let y = x.l2Normalised()
      #expect(y.values == [0, 0, 0.6, 0.8])
      backward(from: [(y, Tensor([0, 0, 1, 0], [2, 2]))])
      #expect(x.gradient?.isFinite == true)
      #expect(cosineSimilarity(x, x).values[0] == 0)
    }

    @Test func notANumberIsNotHidden() {
      let x = Tensor([.nan, 1], [2])
      for y in [
        x.relu(), x.clamped(from: 0, to: 1), x.exp(), x.softmax(), x.l2Normalised(), x.sum(), x.absolute(), x * 0,
        activate(x.reshaped([1, 2]), bias: Tensor([0, 0], [2]), with: .relu),
      ] { #expect(y.values[0].isNaN && !y.isFinite) }
    }

    @Test func extremeLogitsStayFinite() {
      let x = Tensor([1e4, -1e4, 0, 1e30, -1e30, 0], [2, 3]).variable()
      let y = [x.softmax(), x.logSoftmax()]
      #expect(y[0].values == [1, 0, 0, 1, 0, 0] && y[1].isFinite)
      backward(from: y.map { ($0, Tensor(repeating: 1, [2, 3])) })
      #expect(x.gradient?.isFinite == true)
    }

    /// An underflowed probability counts as zero in the divergence and in its gradient, on either side.
    @Test func divergenceOfWhatUnderflowed() {
      let x = Tensor([0, -200, 1], [1, 3]).variable()
      let q = Tensor([0.1, 0.2, 0.3], [1, 3]).logSoftmax()
      let divergence = klDivergence(x.softmax(), logProbabilities: q)
      #expect(divergence.isFinite)
      divergence.backward()
      #expect(x.gradient?.isFinite == true && x.gradient?.values[1] == 0)
    }

    /// The same of packed rows; a student's probability below the floor counts as the floor, and has no slope.
    @Test func packedDivergenceOfWhatUnderflowed() throws {
      let (p, q) = (Tensor([1, 0, 0.5, 0.5], [4]).variable(), Tensor([0, 1, 0, 1], [4]).variable())
      let divergence = packedKLDivergence(p, q, offsets: [0, 2])
      // (ln 1e30 + 0.5·ln(0.5/1e-30) + 0.5·ln 0.5) / 2
      #expect(abs(divergence.scalar - 51.461591) < 1e-5)
      divergence.backward()
      #expect(q.gradient?.values == [0, 0, 0, -0.25])
      let slopes = try #require(p.gradient)
      #expect(slopes.isFinite && slopes.values[1] == 0)
      #expect(packedKLDivergence(p, Tensor([.nan, 1, 0, 1], [4]), offsets: [0, 2]).scalar.isNaN)
    }

    /// A gradient of many equal numbers: added one by one in Float32 it would be off by a hundred roundings.
    @Test func repeatedNumbersKeepTheirGradientExact() {
      let x = Tensor(0.1).variable()
      x.expanded(to: [1 << 20]).backward(seed: Tensor(repeating: 0.1, [1 << 20]))
      #expect(x.gradient?.scalar == Float(Double(Float(0.1)) * 0x1p20))
    }

    /// A caller's bug ends the process, and does not read what lies beside a tensor.
    @Test(arguments: bugs.indices)
    func bugsAreCaught(index: Int) async {
      await #expect(processExitsWith: .failure) { [index] in bugs[index]() }
    }
  }
}

private let bugs: [@Sendable () -> Void] = {
  @Sendable func zeros(_ shape: Shape) -> Tensor { Tensor(repeating: 0, shape) }
  return [
    { _ = zeros([2, 3]) + zeros([2]) },
    { _ = matmul(zeros([2, 3]), zeros([2, 3])) },
    { _ = linear(zeros([2, 3]), weight: zeros([4, 3]), bias: zeros([3])) },
    { _ = layerNorm(zeros([2, 3]), bias: zeros([2]), gamma: zeros([3]), beta: zeros([3]), epsilon: 1e-5) },
    { _ = activate(zeros([2, 3]), bias: zeros([1]), with: .relu) },
    { _ = zeros([2, 3]).rows(1..<3) },
    { _ = zeros([2, 3]).columns(2..<4) },
    { _ = zeros([2, 3]).gatheredRows([2]) },
    { _ = zeros([2, 3]).gatheredRows([-1]) },
    { _ = zeros([2, 3]).picked([0, 3]) },
    { _ = zeros([2, 3]).sum(axis: 2) },
    { _ = meanSquaredError(zeros([3]), zeros([3, 1])) },
    { _ = packedKLDivergence(zeros([8]), zeros([8]), offsets: [0, 2, 3]) },
    { _ = packedKLDivergence(zeros([8]), zeros([4]), offsets: [0, 2]) },
    { _ = packedKLDivergence(zeros([4]), zeros([4]), offsets: [0, 0, 2]) },
    { _ = selfRelations(zeros([3, 4]), heads: 2, offsets: [0, 2]) },
    { _ = selfRelations(zeros([3, 4]), heads: 3, offsets: [0, 3]) },
    { _ = cosineSimilarity(zeros([3, 2]), zeros([1, 2])) },
    {
      _ = embeddingSum(
        words: zeros([2, 3]), positions: zeros([2, 2]), types: zeros([2, 3]), ids: [0], positionIDs: [0], typeIDs: [0])
    },
    { _ = AttentionLayout(heads: 1, queryOffsets: [0, 2, 1], keyOffsets: [0, 2, 3]) },
    {
      let x = zeros([2]).variable()
      let y = x * x
      y.sum().backward()
      y.sum().backward()
    },
  ]
}()

extension TensorTests {
  /// torch.nn.functional.binary_cross_entropy_with_logits(z, p, reduction="sum") / 2 and its gradient.
  @Test static func binaryCrossEntropyIsPyTorchs() {
    let z = Tensor([0.5, -1.25, 3.0, -0.75, 2.0, 0.0], [2, 3]).variable()
    let p = Tensor([1, 0, 0.25, 0.5, 1, 0], [2, 3])
    let loss = binaryCrossEntropy(z, probabilities: p)
    #expect(abs(loss.scalar - 2.3032698) < 1e-6)
    loss.backward()
    let expected: [Float] = [-0.18877033, 0.11135007, 0.35128706, -0.08958935, -0.05960146, 0.25]
    #expect(z.gradient?.count == 6)
    for (a, b) in zip(z.gradient?.values ?? [], expected) { #expect(abs(a - b) < 1e-6) }
    let far = binaryCrossEntropy(Tensor([200, -200], [1, 2]), probabilities: Tensor([0, 1], [1, 2])).scalar
    #expect(far == 400)
  }
}
