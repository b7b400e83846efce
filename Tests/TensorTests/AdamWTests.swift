import DistillTensor
import Testing

extension TensorTests {
  @Suite struct Optimiser {
    let reference: Reference
    let store = ParameterStore([.init("weight", [3, 5], decays: true), .init("bias", [5], decays: false)])

    init() throws {
      reference = try Reference()
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
