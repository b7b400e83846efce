import DistillCore
import DistillTraining
import DistillYAML
import Foundation

/// A pipeline whose parts are known to fit, before any weight is read.
public struct Pipeline {
  package let options: PipelineOptions
  package let context: PipelineContext
  public let models: ModelPair
  public let layerMap: [LayerPair]
  public let task: TaskDefinition

  /// Where its options are written.
  let source: SourceMap

  /// What is odd about it and does not keep it from running.
  public let warnings: [Diagnostic]

  /// Reads a pipeline file and checks how its parts fit; see ``draft(file:overrides:environment:registry:)``.
  ///
  /// - Throws: `Diagnostics`: everything that is wrong, with its places in the files.
  public init(
    file: String, overrides: [(path: String, value: String)] = [],
    environment: [String: String] = ProcessInfo.processInfo.environment, registry: PluginRegistry
  ) throws {
    try self.init(Self.draft(file: file, overrides: overrides, environment: environment, registry: registry))
  }

  /// Reads a pipeline file, with what it extends and with its references replaced.
  ///
  /// - `overrides`: `path=value` pairs, as after `--set`.
  /// - `environment`: what `${NAME}` stands for.
  /// - Throws: what is wrong with a file of which nothing can be read.
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

  /// The options of a pipeline file, not asked how they fit.
  /// - Throws: what is wrong with the options.
  package static func read(
    file: String, overrides: [(path: String, value: String)] = [],
    environment: [String: String] = ProcessInfo.processInfo.environment, registry: PluginRegistry
  ) throws(Diagnostics) -> Decoded<PipelineOptions> {
    try draft(file: file, overrides: overrides, environment: environment, registry: registry).decoded()
  }

  /// Checks how the parts fit. One part's mistakes hide nothing but what cannot be told without that part.
  package init(_ draft: Draft<PipelineOptions>) throws {
    let check = PipelineCheck(draft)
    let task = check.task()
    check.output()
    check.ask("precision") { try draft.value.precision.check() }
    let encoders = check.encoders(task)
    let layerMap = check.layerMap(encoders[0])
    let reads = check.losses(encoders, layerMap)
    check.schedule(layerMap)
    check.knowledgeBase(encoders[0], reads)
    let found = check.diagnostics
    guard !found.hasErrors else { throw found }
    guard let task = task.value, let models = encoders[0].models.value, let layerMap = layerMap.value else {
      throw ContractError(
        "the cards of teacher and student wait for one another: one of their plugins has to do without")
    }
    (options, source, self.task, self.models) = (draft.value, draft.source, task, models)
    (context, self.layerMap, warnings) = (encoders[0].context, layerMap, found.list)
  }

  /// What the student is to make smaller.
  func objective(
    _ student: any Student, _ teacher: (any Teacher)?, _ data: TaskData, scheduler: (any Scheduler)?,
    answers: AnswerFolder? = nil, observe: @escaping (TrainingEvent) -> Void
  ) throws -> DistillationObjective {
    try DistillationObjective(
      student: student, teacher: teacher, terms: options.terms, layerMap: layerMap, scheduler: scheduler, data: data,
      microBatchSize: options.training.microBatchSize, teacherMemory: options.teacherMemory << 20,
      answers: answers, key: context.key.child("terms"), observe: observe)
  }

  /// What `validate` says of a pipeline that is right.
  public var summary: [String] {
    func line(_ role: String, _ card: ModelCard) -> String {
      "\(role): \(card.architecture), \(card.layers) layers, width \(card.width), \(card.heads) heads, "
        + "embedding \(card.embeddingWidth), \(card.outputs) outputs"
    }
    var lines = [models.teacher.map { line("teacher", $0) }, line("student", models.student)].compactMap { $0 }
    if !layerMap.isEmpty { lines.append("layers: " + layerMap.map(\.description).joined(separator: ", ")) }
    return lines
  }
}
