import DistillCore
import DistillTraining
import Testing

/// Against `get_linear_`, `get_cosine_` and `get_constant_schedule_with_warmup` of transformers 5.23 on PyTorch's `LambdaLR`,
/// with the warm-up steps that its trainer makes of a ratio, ceil(ratio · steps).
struct LearningRateTests {
  struct Case: Sendable {
    let schedule: LearningRateSchedule
    let warmup: Float
    let factors: [Float]
  }

  static let cases = [
    Case(
      schedule: .linear, warmup: 0.1,
      factors: [
        0, 0.5, 1, 0.9230769, 0.8461538, 0.7692308, 0.6923077, 0.6153846, 0.5384615, 0.4615385, 0.3846154, 0.3076923,
        0.2307692, 0.1538462, 0.0769231,
      ]),
    Case(
      schedule: .cosine, warmup: 0.1,
      factors: [
        0, 0.5, 1, 0.9924039, 0.9698463, 0.9330127, 0.8830222, 0.8213938, 0.75, 0.6710101, 0.5868241, 0.5, 0.4131759,
        0.3289899, 0.25, 0.1786062, 0.1169778, 0.0669873, 0.0301537, 0.0075961,
      ]),
    Case(schedule: .constant, warmup: 0.25, factors: [0, 0.5, 1, 1, 1, 1, 1, 1]),
    Case(schedule: .linear, warmup: 0, factors: [1, 0.8571429, 0.7142857, 0.5714286, 0.4285714, 0.2857143, 0.1428571]),
    Case(schedule: .cosine, warmup: 1, factors: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),
  ]

  @Test(arguments: cases) func factorsAreThoseOfTransformers(_ expected: Case) {
    var options = TrainingOptions()
    (options.learningRateSchedule, options.warmup) = (expected.schedule, expected.warmup)
    for (step, factor) in expected.factors.enumerated() {
      let found = options.learningRateFactor(step: step, of: expected.factors.count)
      #expect(abs(found - factor) < 1e-6, "step \(step)")
    }
  }
}
