import DistillCore
import DistillTraining
import Foundation
import TestSupport

/// Linear regression from 3 numbers to one, with noise from the step's key and a weight that grows with its state: an
/// objective of which every part that a resumed run has to restore shows in the parameters.
final class LeastSquares: Objective {
  static let truth: [Float] = [1.5, -2, 0.5]

  let parameters: [ParameterStore]
  let exampleCount: Int
  private(set) var steps: [Step] = []
  private(set) var observed = 0
  private var memory = 0.0
  private let noise: Float
  /// The validation score after so many finished epochs; nil for none.
  private let score: (Int) -> Double?
  /// What a step's loss is multiplied with; NaN breaks it.
  private let factor: (Int) -> Float

  init(
    examples: Int = 10, noise: Float = 0.1, score: @escaping (Int) -> Double? = { _ in nil },
    factor: @escaping (Int) -> Float = { _ in 1 }
  ) throws {
    (exampleCount, self.noise, self.score, self.factor) = (examples, noise, score, factor)
    parameters = [
      try ParameterStore([ParameterDefinition("weight", [1, 3], decays: true)]),
      try ParameterStore([ParameterDefinition("bias", [1], decays: false)]),
    ]
  }

  private func inputs(_ examples: [Int]) -> Tensor {
    Tensor(
      examples.flatMap { example in (0..<3).map { RandomKey(7).child(example).normal(UInt64($0)) } },
      [examples.count, 3])
  }

  func accumulateGradients(for step: Step) throws -> StepFigures {
    steps.append(step)
    let x = inputs(step.examples)
    let y = step.examples.indices.map { row in
      let values = x.values[3 * row..<3 * row + 3]
      return zip(values, Self.truth).reduce(noise * step.key.normal(UInt64(row))) { $0 + $1.0 * $1.1 }
    }
    let answer = linear(x, weight: parameters[0]["weight"].variable, bias: parameters[1]["bias"].variable)
    let error = meanSquaredError(answer, Tensor(y, [y.count, 1]))
    let total = (factor(step.number) * Float(1 + 0.1 * memory)) * error
    total.backward()
    return StepFigures(loss: Double(total.scalar), terms: [("squared", Double(error.scalar)), ("memory", memory)])
  }

  func evaluate() -> [Score] {
    let epochs = Int(memory.rounded())
    return score(epochs + 1).map { [Score(metric: "score", value: $0)] } ?? []
  }

  func observe(_ report: StepReport) -> StageMove? {
    observed += 1
    if report.isEndOfEpoch { memory += 1 }
    return nil
  }

  var state: SchedulerState {
    get { SchedulerState(["memory": memory]) }
    set { memory = newValue.values["memory"] ?? -1 }
  }

  var values: [[Float]] { parameters.map(\.snapshot) }
}

extension TemporaryFolder {
  var metrics: URL { url.appending(path: "metrics.jsonl") }
  var checkpoints: URL { url.appending(path: "checkpoints/phase") }

  func loop(
    resumes: Bool = false, tensorBoard: Bool = false, data: String = "a", stop: StopRequest = StopRequest(),
    observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws -> TrainingLoop {
    TrainingLoop(
      files: TrainingLoop.Files(
        metrics: try MetricsLog(
          metrics, append: resumes, tensorBoard: tensorBoard ? url.appending(path: "tensorboard") : nil),
        checkpoints: url.appending(path: "checkpoints"),
        resumes: resumes, provenance: Provenance(["data": data])), stop: stop, observe: observe)
  }

  /// Fits until a step and stops there as a signal would.
  func stop(after step: Int, _ objective: LeastSquares, _ options: TrainingOptions) throws -> TrainingError? {
    let request = StopRequest()
    let loop = try loop(stop: request) {
      if case .step(let record) = $0, record.step == step { request.stop(signal: 15) }
    }
    do { try loop.fit(objective, options: options, phase: "phase") } catch let error as TrainingError { return error }
    return nil
  }

  /// The objects in `metrics.jsonl`, without what the clock says.
  func lines() throws -> [NSDictionary] {
    try String(contentsOf: metrics, encoding: .utf8).split(separator: "\n").map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
      let fields = NSMutableDictionary(dictionary: object as? [String: Any] ?? [:])
      fields.removeObject(forKey: "seconds")
      return fields
    }
  }

  func checkpointFiles() throws -> [URL] {
    try FileManager.default.contentsOfDirectory(at: checkpoints, includingPropertiesForKeys: nil)
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
  }
}

extension TrainingOptions {
  static func small(
    epochs: Int = 3, batchSize: Int = 4, learningRate: Float = 0.05, seed: Int = 1, patience: Int? = nil
  ) -> TrainingOptions {
    var options = TrainingOptions(epochs: epochs, learningRate: learningRate)
    (options.batchSize, options.seed, options.patience) = (batchSize, seed, patience)
    return options
  }
}
