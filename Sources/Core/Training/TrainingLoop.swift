import DistillCore
import Foundation

/// The one loop: every training in a pipeline, of a teacher, a head or a student, is a call of ``fit(_:options:phase:)``.
public final class TrainingLoop: Trainer {
  /// Where metrics and checkpoints go; nil for a training that leaves no trace.
  package struct Files {
    package let metrics: MetricsLog
    package let checkpoints: URL
    /// Go on from the newest checkpoint of a phase, where there is one.
    package let resumes: Bool
    /// Everything outside the loop that decides about the result.
    package let provenance: Provenance

    package init(metrics: MetricsLog, checkpoints: URL, resumes: Bool, provenance: Provenance) {
      (self.metrics, self.checkpoints, self.resumes, self.provenance) = (metrics, checkpoints, resumes, provenance)
    }
  }

  private let files: Files?
  private let seed: Int
  private let stop: StopRequest
  private let observe: (TrainingEvent) -> Void

  /// A loop that leaves no trace.
  /// - `seed`: of trainings whose options have none.
  public convenience init(
    seed: Int = 42, stop: StopRequest = StopRequest(), observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) {
    self.init(files: nil, seed: seed, stop: stop, observe: observe)
  }

  package init(
    files: Files?, seed: Int = 42, stop: StopRequest = StopRequest(),
    observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) {
    (self.files, self.seed, self.stop, self.observe) = (files, seed, stop, observe)
  }

  @discardableResult
  public func fit(_ objective: any Objective, options: TrainingOptions, phase: String) throws -> TrainingSummary {
    guard objective.exampleCount > 0 else { throw TrainingError.nothingToLearn(phase: phase) }
    let run = PhaseRun(
      objective, options: options, seed: options.seed ?? seed, phase: phase, files: files, observe: observe)
    try run.resume()
    try run.train(until: stop)
    return run.finish()
  }

  @discardableResult
  public func fineTune(
    _ encoder: any Student, on data: TaskData, options: TrainingOptions, phase: String
  ) throws -> TrainingSummary {
    try fit(DistillationObjective.fineTuning(encoder, data, options), options: options, phase: phase)
  }
}

extension DistillationObjective {
  /// The task's own loss and nothing else.
  public static func fineTuning(
    _ encoder: any Student, _ data: TaskData, _ options: TrainingOptions
  ) throws -> DistillationObjective {
    try DistillationObjective(
      student: encoder, teacher: nil, terms: [WeightedTerm(LabelLoss(), weight: 1)], layerMap: [],
      scheduler: nil, data: data, microBatchSize: options.microBatchSize)
  }
}

/// The task's own loss, for fine-tuning.
private struct LabelLoss: LossTerm {
  static let name = "labels"
  static let summary = "The task's own loss."
  mutating func options(_ visit: inout OptionVisitor) {}
  func reads(_: ModelPair, at _: LayerPair?) -> Reads { Reads(student: [.logits]) }
  func loss(_ inputs: LossInputs) throws -> Tensor { try taskLoss(inputs) }
}
