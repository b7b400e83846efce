import DistillCore
import DistillTraining
import DistillYAML
import Foundation

/// A pipeline whose parts are known to fit, before any weight is read.
public struct Pipeline {
  public let options: PipelineOptions
  public let surroundings: Surroundings
  public let models: ModelPair
  public let layerMap: [LayerPair]
  public let task: TaskDefinition

  /// Reads a pipeline file and checks how its parts fit; see ``read(file:overrides:environment:registry:)``.
  ///
  /// - Throws: ``Diagnostics``: everything that is wrong, with its places in the files.
  public init(
    file: String, overrides: [(path: String, value: String)] = [],
    environment: [String: String] = ProcessInfo.processInfo.environment, registry: PluginRegistry
  ) throws {
    let decoded = try Self.read(file: file, overrides: overrides, environment: environment, registry: registry)
    try self.init(decoded.value, source: decoded.source)
  }

  /// Reads a pipeline file, with what it extends and with its references replaced.
  ///
  /// - Parameters:
  ///   - overrides: `path=value` pairs, as after `--set`.
  ///   - environment: what `${NAME}` stands for.
  /// - Throws: what is wrong with the options, before it is asked how they fit.
  public static func read(
    file: String, overrides: [(path: String, value: String)] = [],
    environment: [String: String] = ProcessInfo.processInfo.environment, registry: PluginRegistry
  ) throws(Diagnostics) -> Decoded<PipelineOptions> {
    var document = YAMLDocument(file: file)
    document.extend()
    for (path, value) in overrides { document.set(path, value) }
    document.substitute(environment: environment)
    return try document.decode(registry: registry)
  }

  /// Checks options that come from anywhere; `source` gives the places for complaints.
  public init(_ options: PipelineOptions, source: SourceMap) throws {
    var check = WiringCheck(source)
    check.files(of: options)
    try check.failIfAny()

    guard let task = check.at("task", { try options.task.definition() }) else { throw check.diagnostics }
    self.task = task
    var surroundings = Surroundings(
      task: task.kind, maximumLength: options.task.maximumLength, key: RandomKey(UInt64(options.seed)))
    // Two rounds: a student may be made of the teacher's layers, and a teacher's head may take the student's width.
    if let teacher = options.teacher {
      surroundings.teacher = check.at("teacher", { try teacher.card(in: surroundings) })
    }
    try check.failIfAny()
    guard let recipe = options.student, let student = check.at("student", { try recipe.card(in: surroundings) }) else {
      throw check.diagnostics
    }
    surroundings.student = student
    if let teacher = options.teacher {
      surroundings.teacher = check.at("teacher", { try teacher.card(in: surroundings) })
    }
    try check.failIfAny()
    let models = ModelPair(teacher: surroundings.teacher, student: student, task: task.kind)

    if let teacher = models.teacher, teacher.vocabulary != student.vocabulary {
      check.report("teacher and student have different vocabularies, and read the same ids", at: "student")
    }
    var layerMap: [LayerPair] = []
    if let teacher = models.teacher, options.losses.contains(where: { $0.term?.scope == .layer }) {
      layerMap =
        check.at("layer_map") { try options.layerMap.resolved(student: student.layers, teacher: teacher.layers) } ?? []
    }
    for (index, loss) in options.losses.enumerated() {
      guard let term = loss.term else { continue }
      if term.scope == .layer { check.at("losses[\(index)]") { _ = try models.requireTeacher() } }
      let pairs: [LayerPair?] = term.scope == .layer ? layerMap : [nil]
      for pair in pairs {
        check.at("losses[\(index)]") {
          let reads = try term.reads(models, at: pair)
          for activation in reads.student { try student.check(activation, of: "student") }
          for activation in reads.teacher { try models.requireTeacher().check(activation, of: "teacher") }
        }
      }
    }
    if options.knowledgeBase != nil, let teacher = models.teacher, teacher.embeddingWidth != student.embeddingWidth {
      check.report(
        "the teacher's embeddings have width \(teacher.embeddingWidth) and the student's \(student.embeddingWidth)",
        at: "knowledge_base", hint: "wrap the teacher in a `supervised-contrastive-head`, which projects them")
    }
    (self.options, self.surroundings, self.models, self.layerMap) = (options, surroundings, models, layerMap)
    if let schedule = options.schedule {
      let terms = terms
      check.at("schedule") {
        try schedule.check(
          ScheduledTerms(
            layerMap: layerMap, layerTerms: terms.filter { $0.term.scope == .layer }.map(\.name),
            outputTerms: terms.filter { $0.term.scope == .output }.map(\.name), epochs: options.training.epochs))
      }
    }
    try check.failIfAny()
  }

  /// The terms with their weights, and names that tell two of a kind apart.
  var terms: [WeightedTerm] {
    var seen: [String: Int] = [:]
    return options.losses.compactMap { loss in
      guard let term = loss.term else { return nil }
      let name = type(of: term).name
      seen[name, default: 0] += 1
      let count = seen[name] ?? 1
      return WeightedTerm(term, weight: loss.weight, name: count == 1 ? name : "\(name)#\(count)")
    }
  }

  /// What the student is to make smaller.
  func objective(
    _ student: any Student, _ teacher: (any Teacher)?, _ data: TaskData, scheduler: (any Scheduler)?,
    answers: AnswerFolder? = nil, observe: @escaping (TrainingEvent) -> Void
  ) throws -> DistillationObjective {
    try DistillationObjective(
      student: student, teacher: teacher, terms: terms, layerMap: layerMap, scheduler: scheduler, data: data,
      microBatchSize: options.training.microBatchSize, teacherMemory: options.teacherMemory << 20,
      answers: answers, key: surroundings.key.child("terms"), observe: observe)
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

/// Collects what is wrong with a pipeline whose options are well-formed, each with its place.
struct WiringCheck {
  private let source: SourceMap
  private var list: [Diagnostic] = []

  init(_ source: SourceMap) { self.source = source }

  var diagnostics: Diagnostics { Diagnostics(list) }

  func failIfAny() throws {
    if !list.isEmpty { throw diagnostics }
  }

  mutating func report(_ message: String, at path: String, hint: String? = nil) {
    list.append(Diagnostic(message, at: source.range(of: path), hint: hint))
  }

  /// The result of `body`, or nil after noting what it threw.
  @discardableResult
  mutating func at<T>(_ path: String, _ body: () throws -> T) -> T? {
    do {
      return try body()
    } catch let error as WiringError {
      let place = error.option.map { $0.hasPrefix("[") ? path + $0 : "\(path).\($0)" }
      report(error.description, at: place ?? path, hint: error.hint)
    } catch {
      report("\(error)", at: path)
    }
    return nil
  }

  /// Files that are named and do not exist.
  mutating func files(of options: PipelineOptions) {
    var paths = [("task.train", options.task.train)]
    if let validation = options.task.validation { paths.append(("task.validation", validation)) }
    for (path, file) in paths where !FileManager.default.fileExists(atPath: file.url.path) {
      report("there is no file \(file.url.path)", at: path, hint: "paths are relative to the file that names them")
    }
  }
}
