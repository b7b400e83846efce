import DistillTensor
import Testing

extension TensorTests {
  @Suite struct Optimiser {
    let reference: Reference
    let store: ParameterStore

    init() throws {
      reference = try Reference()
      store = try ParameterStore([.init("weight", [3, 5], decays: true), .init("bias", [5], decays: false)])
      for parameter in store.parameters { try parameter.assign(reference["adamw/\(parameter.name)"]) }
    }

    /// Leaves the reference's gradients of one step behind, times `factor`.
    func differentiate(_ step: Int, factor: Float = 1) throws {
      store.clearGradients()
      for parameter in store.parameters {
        try (parameter.variable * reference["adamw/\(parameter.name) gradient \(step)"] * factor).sum().backward()
      }
    }

    func make() -> AdamW { AdamW(store, epsilon: 1e-6, weightDecay: 0.1) }

    @Test func takesPyTorchsSteps() throws {
      let optimiser = make()
      let norms = try reference["adamw/norms"].values
      for step in 0..<10 {
        try differentiate(step)
        #expect(abs(Float(store.gradientNorm) / norms[step] - 1) < 1e-6)
        optimiser.update(learningRate: 0.01)
        for parameter in store.parameters {
          // Each step moves by about 0.01 and is right to about six digits; parameters below 0.1 round by at most 4e-9.
          let expected = try reference["adamw/\(parameter.name) \(step)"]
          #expect((parameter.value - expected).magnitude < 1.2e-8 * Float(step + 1), "step \(step)")
        }
      }
      #expect(optimiser.steps == [10, 10])
    }

    @Test func scalesGradientsAsClippingWould() throws {
      let optimiser = make()
      for step in 0..<3 {
        try differentiate(step, factor: 8)  // a power of two: exactly undone
        optimiser.update(learningRate: 0.01, gradientScale: 0.125)
      }
      #expect(try (store["weight"].value - reference["adamw/weight 2"]).magnitude < 4e-8)
    }

    /// A table of which some rows are looked up, and its twin that has the same gradients as a whole.
    @Test func rowsOfATableStepAsTheWholeTableWould() throws {
      let (table, twin) = (
        try ParameterStore([.init("t", [9, 4], decays: true)]), try ParameterStore([.init("t", [9, 4], decays: true)])
      )
      for store in [table, twin] {
        store["t"].assign(Tensor(normal: [9, 4], standardDeviation: 1, key: RandomKey(1)))
      }
      var (ours, dense) = (AdamW(table, weightDecay: 0.1), AdamW(twin, weightDecay: 0.1))
      for (step, rows) in ([[1, 7, 1], [7], [0, 3], [8, 1]] as [[Int32]]).enumerated() {
        table.clearGradients()
        twin.clearGradients()
        let weights = Tensor(normal: [rows.count, 4], standardDeviation: 1, key: RandomKey(2).child(step))
        (table["t"].variable.gatheredRows(rows) * weights).sum().backward()
        (twin["t"].variable * table["t"].gradient).sum().backward()
        #expect(table["t"].gradient.values == twin["t"].gradient.values)
        #expect(abs(table.gradientNorm - twin.gradientNorm) < 1e-6 * twin.gradientNorm)
        ours.update(learningRate: 0.05)
        dense.update(learningRate: 0.05)
        #expect(table.snapshot == twin.snapshot, "step \(step)")
        if step == 1 {  // on from a checkpoint
          let states = (ours.state, dense.state)
          (ours, dense) = (AdamW(table, weightDecay: 0.1), AdamW(twin, weightDecay: 0.1))
          ours.restore(states.0)
          dense.restore(states.1)
        }
      }
    }

    /// Multiplying one by one rounds t times, squaring about log t times: t·1.1e-16 apart at the most, until digits are lost
    /// to underflow.
    @Test(arguments: [0.9, 0.999, 0.99999] as [Float]) func powersAreThoseOfALoop(_ base: Float) {
      var expected = 1.0
      for t in 0...9000 {
        let isClose = abs(AdamW.power(base, t) - expected) <= 1e-12 * expected + 1e-300
        #expect(isClose, "t = \(t)")
        expected *= Double(base)
      }
    }

    @Test func goesOnFromItsState() throws {
      let optimiser = make()
      for step in 0..<5 {
        try differentiate(step)
        optimiser.update(learningRate: 0.01)
      }
      let (state, values) = (optimiser.state, store.snapshot)
      try differentiate(5)
      optimiser.update(learningRate: 0.01)
      let expected = store.snapshot
      store.snapshot = values
      let other = make()
      other.restore(state)
      other.update(learningRate: 0.01)
      #expect(store.snapshot == expected && other.steps == [6, 6])
    }
  }
}
