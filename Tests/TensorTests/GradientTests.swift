import DistillTensor
import Testing

extension TensorTests {
  /// Every backward pass against slopes of its own forward pass.
  @Test(arguments: referenceCases + dropoutCases)
  static func gradientsAreSlopes(_ operation: Case) {
    let key = RandomKey(7).child(operation.name)
    let inputs = operation.inputs.enumerated().map { $1.sample(key.child($0)) }
    func weights(_ outputs: [Tensor]) -> [Tensor] {
      outputs.enumerated().map { Tensor(normal: $1.shape, standardDeviation: 1, key: key.child("weights").child($0)) }
    }
    let gradients = operation.run(inputs, weights: weights).gradients

    /// Σ weights · outputs, summed in double precision, with one number of one input replaced.
    func value(_ input: Int, _ position: Int, _ number: Float) -> Double {
      var changed = inputs
      var values = inputs[input].values
      values[position] = number
      changed[input] = Tensor(values, inputs[input].shape)
      let outputs = operation.outputs(changed)
      return zip(outputs, weights(outputs)).reduce(0) { sum, pair in
        zip(pair.0.values, pair.1.values).reduce(sum) { $0 + Double($1.0) * Double($1.1) }
      }
    }
    for (input, gradient) in gradients.enumerated() {
      // Differences over ±h and ±2h cancel the error of order h²; what is left is below h⁴·f⁽⁵⁾/30 ≈ 1e-4 for 1/x at 0.5,
      // the steepest, where f′ is 4. A result of size 1 is rounded by 6e-8, so the quotient by about 6e-8·√n/h ≈ 1e-5.
      // A tenth of a percent of the largest slope is well above both and below any wrong factor, sign or index.
      let h: Float = 0.02
      let allowed = 1e-3 * Double(max(gradient.magnitude, 0.1))
      for (position, slope) in gradient.values.enumerated() {
        let x = inputs[input].values[position]
        func difference(_ step: Float) -> Double {
          (value(input, position, x + step) - value(input, position, x - step)) / Double((x + step) - (x - step))
        }
        let expected = (4 * difference(h) - difference(2 * h)) / 3
        #expect(abs(expected - Double(slope)) < allowed, "input \(input), number \(position)")
      }
    }
  }

  /// The gradient of what is used twice is the sum of both uses, whoever comes first.
  @Test(arguments: referenceCases)
  static func gradientsAddToWhatIsThere(_ operation: Case) {
    let inputs = operation.inputs.enumerated().map { $1.sample(RandomKey(8).child($0)) }
    let ones = { (outputs: [Tensor]) in outputs.map { Tensor(repeating: 1, $0.shape) } }
    let once = operation.run(inputs, weights: ones).gradients
    let twice = Case("twice", operation.inputs) { operation.outputs($0) + operation.outputs($0) }
    // Both are sums of the same few Float32 products in another order.
    #expect(twice.run(inputs, weights: ones).gradients.deviation(from: once.map { $0 * 2 }) < 2e-6)
  }
}
