import DistillCore
import Foundation

/// The training loop. Every training in a pipeline, whether of a teacher, a head or a student, is a call of
/// ``fit(_:options:phase:)``.
public final class TrainingLoop: Trainer {
  /// The files of a training: where its metrics and checkpoints are written.
  package struct Files {
    package let metrics: MetricsLog
    package let checkpoints: URL
    /// Whether to resume from the newest checkpoint of a phase, if there is one.
    package let resumes: Bool
    /// Everything outside the loop that the result depends on.
    package let provenance: Provenance

    package init(metrics: MetricsLog, checkpoints: URL, resumes: Bool, provenance: Provenance) {
      (self.metrics, self.checkpoints, self.resumes, self.provenance) = (metrics, checkpoints, resumes, provenance)
    }
  }

  private let files: Files?
  private let seed: Int
  private let stop: StopRequest
  private let observe: (TrainingEvent) -> Void
  /// What is added to the names of the phases. Nothing random depends on it.
  private var label = ""

  /// Creates a loop that writes no files.
  ///
  /// - Parameters:
  ///   - seed: The seed of trainings whose options have none.
  ///   - stop: The request to stop, which the loop checks after each step.
  ///   - observe: Receives the events of the training.
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

  /// Returns a loop that trains in the same way, and adds `label` to the names of the phases in files and events.
  package func labelled(_ label: String) -> TrainingLoop {
    let loop = TrainingLoop(files: files, seed: seed, stop: stop, observe: observe)
    loop.label = label
    return loop
  }

  /// Returns a name for the files of a phase that every file system takes.
  static func folderName(ofPhase phase: String) -> String {
    String(phase.map { $0.isLetter || $0.isNumber ? $0 : "-" }).replacing("--", with: "-")
  }

  @discardableResult
  public func fit(_ objective: any Objective, options: TrainingOptions, phase: String) throws -> TrainingSummary {
    guard objective.exampleCount > 0 else { throw TrainingError.nothingToLearn(phase: phase) }
    let key = RandomKey(UInt64(options.seed ?? seed)).child(phase)
    let run = PhaseRun(
      objective, options: options, key: key, phase: phase + label, files: files, observe: observe)
    try run.resume()
    try run.train(until: stop)
    return run.finish()
  }

  @discardableResult
  public func fineTune(
    _ encoder: any Student, on data: TaskData, options: TrainingOptions, phase: String
  ) throws -> TrainingSummary {
    let summary = try fit(DistillationObjective.fineTuning(encoder, data, options), options: options, phase: phase)
    try finish(encoder, on: data, phase: phase)
    return summary
  }

  /// Lets an encoder do what is left after its training, and tells what that was.
  package func finish(_ encoder: any Student, on data: TaskData, phase: String) throws {
    let phase = phase + label
    let remark = try encoder.finishTraining(on: data) { done, total in
      observe(.progress(what: "\(phase): classifier", done: done, total: total))
      if let signal = stop.requested { throw TrainingError.stopped(signal: signal, phase: phase, step: nil) }
    }
    if let remark { observe(.note("\(phase): \(remark)")) }
  }
}

extension DistillationObjective {
  /// Returns the objective of fine-tuning, which is the task's own loss alone.
  ///
  /// - Throws: `ContractError` if no training example has a target.
  public static func fineTuning(
    _ encoder: any Student, _ data: TaskData, _ options: TrainingOptions
  ) throws -> DistillationObjective {
    guard data.training.targets.contains(where: { $0 != nil }) else {
      throw ContractError("the training data has no labels to learn from")
    }
    return try DistillationObjective(
      student: encoder, teacher: nil, terms: [WeightedTerm(LabelLoss(), weight: 1)], layerMap: [],
      scheduler: nil, data: data, microBatchSize: options.microBatchSize)
  }
}

/// The task's own loss as a term, for fine-tuning.
private struct LabelLoss: LossTerm {
  static let name = "labels"
  static let summary = "The task's own loss."
  mutating func options(_ visit: inout OptionVisitor) {}
  func reads(_: ModelPair, at _: LayerPair?) -> Reads { Reads(student: [.logits]) }
  func loss(_ inputs: LossInputs) throws -> Tensor { try taskLoss(inputs) }
}
