import DistillCore

extension LossTermConformance {
  /// Checks that the gradients with respect to the student's activations and the term's own parameters are the slopes of the
  /// loss.
  package func checkGradients() throws { try checkGradients(of: scene()) }

  func checkGradients(of scene: LossScene) throws {
    let (_, gradients) = try scene.gradients()
    let own = (scene.parameters?.parameters ?? []).map { ($0, Tensor($0.gradient.values, $0.shape)) }
    for (activation, gradient) in gradients {
      guard let answer = scene.student.activations[activation] else { continue }
      // The step for probabilities is smaller, because those near 0 must stay in the domain of the logarithm.
      let h: Float = activation.kind.shape == .attention ? 0.001 : 0.01
      try checkSlopes(gradient, at: answer, step: h, "\(activation) of the student") { changed in
        var scene = scene
        scene.student.set(activation, changed)
        return try scene.loss().scalar
      }
    }
    for (parameter, gradient) in own {
      let value = Tensor(parameter.value.values, parameter.shape)
      try checkSlopes(gradient, at: value, "the parameter \(parameter.name)") { changed in
        parameter.assign(changed)
        defer { parameter.assign(value) }
        return try scene.loss().scalar
      }
    }
  }

  private func checkSlopes(
    _ gradient: Tensor, at point: Tensor, step h: Float = 0.01, _ what: String, _ loss: (Tensor) throws -> Float
  ) throws {
    try require(gradient.isFinite, "the gradient with respect to \(what) is not finite")
    // Combining the differences over ±h and ±2h cancels the error of order h². A loss of about 1 is rounded by 6e-8, which
    // changes the quotient by about 1e-5. The remaining error is h⁴·f⁽⁵⁾/30, which is 1e-4 for a temperature of 0.1.
    let allowed = 5e-3 * max(gradient.magnitude, 0.1)
    for (index, slope) in gradient.values.enumerated() {
      func difference(_ step: Float) throws -> Float {
        func value(_ step: Float) throws -> Float {
          var values = point.values
          values[index] += step
          return try loss(Tensor(values, point.shape))
        }
        return (try value(step) - value(-step)) / (2 * step)
      }
      let expected = (4 * (try difference(h)) - (try difference(2 * h))) / 3
      try require(
        abs(expected - slope) < allowed,
        "the gradient with respect to number \(index) of \(what) is \(slope); the loss rises by \(expected)")
    }
  }
}
