import DistillTensor
import Testing

extension TensorTests {
  @Suite struct Graph {
    let x = Tensor([1, 2, 3, 4, 5, 6], [3, 2]).variable()
    let store: ParameterStore

    init() throws {
      store = try ParameterStore([
        .init("a", [2, 3], decays: true), .init("b", [1, 3], decays: true, adjoins: true),
        .init("c", [5], decays: false),
      ])
    }

    @Test func aTensorUsedTwiceReceivesBothGradients() {
      (x * x + x).sum().backward()
      #expect(x.gradient?.values == [3, 5, 7, 9, 11, 13])
    }

    /// Deep enough that visiting every path, not every node, would never end.
    @Test func diamondsAreVisitedOnce() {
      var y = x
      for _ in 0..<60 { y = (y + y) * 0.5 }
      y.sum().backward()
      #expect(x.gradient?.values == [Float](repeating: 1, count: 6))
    }

    @Test func longGraphsMayBeDropped() {
      var y = x
      for _ in 0..<100_000 { y = y * y + x }
      y = x
      (y * 2).sum().backward()
      #expect(x.gradient?.values == [Float](repeating: 2, count: 6))
    }

    @Test func severalOutputsGoBackTogether() {
      let y = x * 2
      let z = y.rows(1..<3)  // an output below another one
      let constant = Tensor([1, 1], [2])
      backward(from: [
        (y, Tensor(repeating: 1, [3, 2])), (z, Tensor([1, 2, 3, 4], [2, 2])), (z, Tensor([10, 0, 0, 0], [2, 2])),
        (constant, constant),
      ])
      #expect(x.gradient?.values == [2, 2, 24, 6, 8, 10])
    }

    @Test func gradientsAddUpUntilSomebodyClearsThem() {
      x.sum().backward()
      x.squared().sum().backward()
      #expect(x.gradient?.values == [3, 5, 7, 9, 11, 13])

      let c = store["c"]
      (c.variable * 2).sum().backward()
      c.variable.rows(1..<3).sum().backward()
      #expect(c.gradient.values == [2, 3, 3, 2, 2])
      store.clearGradients()
      #expect(c.gradient.values == [0, 0, 0, 0, 0])
    }

    @Test func constantsRecordNothing() {
      let constant = x.detached
      for operation in referenceCases + dropoutCases {
        let outputs = operation.outputs(operation.inputs.map { $0.sample(RandomKey(1)) })
        #expect(!outputs.contains { $0.requiresGradient }, "\(operation)")
      }
      let mixed = constant.exp() * x
      #expect(mixed.requiresGradient && constant.gradient == nil)
      mixed.detached.sum().backward()  // nothing to do
      #expect(x.gradient == nil)
    }

    @Test func gradientsOfPartsOfAParameterLandInTheArena() {
      let a = store["a"]
      let rows = a.variable.rows(1..<2)
      #expect(rows.requiresGradient)
      (rows * Tensor([1, 2, 3], [1, 3])).sum().backward()
      #expect(a.gradient.values == [0, 0, 0, 1, 2, 3])
      #expect(a.variable.gradient?.values == a.gradient.values)
      #expect(store["b"].gradient.magnitude == 0 && store["c"].gradient.magnitude == 0)
    }

    @Test func joinedParametersAreTheirParts() {
      let joined = store.joined(["a", "b"])
      #expect(joined.shape == [3, 3])
      store["b"].assign([7, 8, 9])
      #expect(joined.value.values == [0, 0, 0, 0, 0, 0, 7, 8, 9])
      joined.assign((1...9).map(Float.init))
      #expect(store["a"].value.values == [1, 2, 3, 4, 5, 6])
      joined.variable.squared().sum().backward()
      #expect(store["a"].gradient.values == [2, 4, 6, 8, 10, 12])
      store["b"].variable.sum().backward()
      #expect(joined.gradient.values == [2, 4, 6, 8, 10, 12, 15, 17, 19])
    }

    @Test func snapshotsBringValuesBack() {
      store["a"].assign((1...6).map(Float.init))
      let before = store.snapshot
      store["a"].assign([Float](repeating: 0, count: 6))
      store.snapshot = before
      #expect(store["a"].value.values == [1, 2, 3, 4, 5, 6] && store.layout.count == 14)
    }
  }
}
