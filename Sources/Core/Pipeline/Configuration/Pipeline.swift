import DistillCore
import DistillTraining
import DistillYAML
import Foundation

/// A pipeline whose components have been checked to fit each other. No weights have been read yet.
public struct Pipeline {
  package let options: PipelineOptions
  package let context: PipelineContext
  public let models: ModelPair
  public let layerMap: [LayerPair]
  public let task: TaskDefinition

  /// The places in the files where the options are written.
  let source: SourceMap

  /// Warnings about things that are unusual but do not prevent a run.
  public let warnings: [Diagnostic]

  /// Reads a pipeline file and checks that its components fit each other.
  ///
  /// - Parameters:
  ///   - file: The path of the file.
  ///   - overrides: Values that replace those in the file, such as `training.epochs` and `2`.
  ///   - environment: The values of references such as `${NAME}`.
  ///   - registry: The plugins that the file may name.
  /// - Throws: `Diagnostics` with everything that is wrong and where it is in the files.
  public init(
    file: String, overrides: [(path: String, value: String)] = [],
    environment: [String: String] = ProcessInfo.processInfo.environment, registry: PluginRegistry
  ) throws {
    try self.init(Self.draft(file: file, overrides: overrides, environment: environment, registry: registry))
  }

  /// Reads a pipeline file, merges it with the files that it extends, and replaces its references.
  ///
  /// - Parameters:
  ///   - file: The path of the file.
  ///   - overrides: The pairs of path and value that `--set` gives.
  ///   - environment: The values of references such as `${NAME}`.
  ///   - registry: The plugins that the file may name.
  /// - Throws: `Diagnostics` if no options can be read from the file at all. Other mistakes become part of the draft.
  package static func draft(
    file: String, overrides: [(path: String, value: String)] = [],
    environment: [String: String] = ProcessInfo.processInfo.environment, registry: PluginRegistry
  ) throws(Diagnostics) -> Draft<PipelineOptions> {
    var document = YAMLDocument(file: file)
    document.extend()
    for (path, value) in overrides { document.set(path, value) }
    document.substitute(environment: environment)
    return try document.draft(registry: registry)
  }

  /// Reads the options of a pipeline file without checking that the components fit each other.
  ///
  /// - Throws: `Diagnostics` with everything that is wrong with the options.
  package static func read(
    file: String, overrides: [(path: String, value: String)] = [],
    environment: [String: String] = ProcessInfo.processInfo.environment, registry: PluginRegistry
  ) throws(Diagnostics) -> Decoded<PipelineOptions> {
    try draft(file: file, overrides: overrides, environment: environment, registry: registry).decoded()
  }

  /// Checks that the components fit each other. A mistake in one component does not hide others, except for those that cannot
  /// be found without that component.
  package init(_ draft: Draft<PipelineOptions>) throws {
    let check = PipelineCheck(draft)
    let task = check.task()
    check.output()
    check.ask("precision") {
      guard draft.value.precision.hasGradients else {
        throw WiringError(
          "nothing can be trained in int8, which has no gradients",
          hint: "train in float32 or bfloat16, and answer with `distill predict RUN --precision int8`")
      }
      try draft.value.precision.check()
    }
    let encoders = check.encoders(task)
    let layerMap = check.layerMap(encoders[0])
    let reads = check.losses(encoders, layerMap)
    check.unlabelled(reads)
    check.keptEpoch()
    check.schedule(encoders[0].models, layerMap)
    check.knowledgeBase(encoders[0], reads)
    check.labels()
    check.coverage()
    let found = check.diagnostics
    guard !found.hasErrors else { throw found }
    guard let task = task.value, let models = encoders[0].models.value, let layerMap = layerMap.value else {
      throw ContractError(
        "the cards of teacher and student wait for one another: one of their plugins has to do without")
    }
    (options, source, self.task, self.models) = (draft.value, draft.source, task, models)
    (context, self.layerMap, warnings) = (encoders[0].context, layerMap, found.list)
  }

  /// Returns the objective that the student minimises.
  func objective(
    _ student: any Student, _ teacher: (any Teacher)?, _ data: TaskData, scheduler: (any Scheduler)?,
    answers: AnswerFolder? = nil, observe: @escaping (TrainingEvent) -> Void
  ) throws -> DistillationObjective {
    try DistillationObjective(
      student: student, teacher: teacher, terms: options.terms, layerMap: layerMap, scheduler: scheduler, data: data,
      microBatchSize: options.training.microBatchSize, teacherMemory: options.teacherMemory << 20,
      answers: answers, key: context.key.child("terms"), observe: observe)
  }

  /// Returns the encoder that the pipeline began with, before any training on the task, or `nil` if it began with none.
  func base() throws -> (any Teacher)? { try options.baseRecipe?.makeBase(in: context) }

  /// Lines that describe a valid pipeline, as `distill validate` prints them.
  public var summary: [String] {
    func line(_ role: String, _ card: ModelCard) -> String {
      "\(role): \(card.architecture), "
        + (card.readsTexts ? "" : "\(card.layers) layers, width \(card.width), \(card.heads) heads, ")
        + (card.embeddingWidth > 0 ? "embedding \(card.embeddingWidth), " : "") + "\(card.outputs) outputs"
    }
    var lines = [models.teacher.map { line("teacher", $0) }, line("student", models.student)].compactMap { $0 }
    let texts =
      options.task.holdOut > 0 ? "held-out texts" : "the validation file, whose figures are too high therefore"
    lines.append("kept: " + (options.keepsBestEpoch ? "the best epoch on \(texts)" : "the last epoch"))
    if !layerMap.isEmpty { lines.append("layers: " + layerMap.map(\.description).joined(separator: ", ")) }
    return lines
  }
}
