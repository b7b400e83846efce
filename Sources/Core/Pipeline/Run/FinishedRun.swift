import DistillCore
import DistillTraining
import Foundation

/// A run folder, opened to evaluate or to predict with: a value that any number of tasks may ask.
public struct FinishedRun: Sendable {
  package let folder: RunFolder
  package let record: RunRecord
  package let options: PipelineOptions
  public let task: TaskDefinition
  public let student: any TextEncoder
  public let augmentation: RetrievalAugmentation?
  /// What it calculates in.
  public let precision: Precision
  private let context: PipelineContext

  /// - `precision`: of its answers; without one, the run's.
  /// - Throws: `FormatError` and others for a folder that is no finished run; `ComputeError` for a precision that this
  ///   processor does not have.
  public init(_ url: URL, registry: PluginRegistry, retrieval: Bool = true, precision: Precision? = nil) throws {
    folder = RunFolder(url)
    record = try RunRecord(folder.record)
    guard record.isComplete else {
      throw FormatError(file: url, "holds a run that is not finished; `distill run FILE --resume` goes on with it")
    }
    if record.isSealed {
      guard RunRecord.checksum(ofPipeline: try FileSystem.text(of: folder.pipeline)) == record.pipelineChecksum else {
        throw FormatError(file: folder.pipeline, "is damaged: its checksum is not the one in run.json")
      }
      try SealedFolder.check(folder.student)
      if retrieval, FileManager.default.fileExists(atPath: folder.knowledgeBase.path) {
        try SealedFolder.check(folder.knowledgeBase)
      }
    }
    // A variable that is not set any more stands for its own name: what answers is in the folder, and no such path.
    var environment = ProcessInfo.processInfo.environment
    let references = try FileSystem.text(of: folder.pipeline).matches(of: /\$\{([A-Z_][A-Z0-9_]*)\}/)
    environment.merge(references.map { (String($0.1), String($0.0)) }) { set, _ in set }
    options = try Pipeline.read(file: folder.pipeline.path, environment: environment, registry: registry).value
    self.precision = precision ?? options.precision
    try self.precision.check()
    // Labels are in the resolved file, so the training file need not be there any more.
    task = try options.task.definition()
    context = PipelineContext(
      task: task.kind, maximumLength: options.task.maximumLength, key: RandomKey(UInt64(options.seed)))
    guard let recipe = options.student else { throw FormatError(file: folder.pipeline, "names no student") }
    student = EncoderInPrecision(
      encoder: try recipe.loadStudent(from: folder.student, in: context), precision: self.precision)
    guard retrieval, let base = options.knowledgeBase, let retriever = base.retriever else {
      augmentation = nil
      return
    }
    let knowledge = try KnowledgeBase(folder: folder.knowledgeBase)
    guard knowledge.embeddings.columns == student.card.embeddingWidth else {
      throw FormatError(
        file: folder.knowledgeBase,
        "holds embeddings of width \(knowledge.embeddings.columns); the student's have \(student.card.embeddingWidth)")
    }
    guard knowledge.softLabels.columns == context.outputs else {
      throw FormatError(
        file: folder.knowledgeBase,
        "holds soft labels of \(knowledge.softLabels.columns) numbers; the task has \(context.outputs)")
    }
    augmentation = RetrievalAugmentation(
      knowledge, retriever: try retriever.loadRetriever(from: folder.knowledgeBase, keys: knowledge.embeddings),
      mixing: record.mixing ?? base.mixing)
  }

  /// The prepared teacher; nil where the run had none.
  public func teacher() throws -> (any Teacher)? {
    let context = context.with(student: student.card)
    if record.isSealed, options.teacher != nil { try SealedFolder.check(folder.teacher) }
    return try options.teacher.map {
      EncoderInPrecision(encoder: try $0.loadTeacher(from: folder.teacher, in: context), precision: precision)
    }
  }

  /// The table of teacher, student, and student with knowledge base, over a labelled file or the run's validation file.
  public func evaluate(_ file: URL? = nil, observe: @escaping (TrainingEvent) -> Void = { _ in }) throws -> Report {
    guard let file = file ?? options.task.validation?.url else {
      throw ContractError("the run has no validation file; name one with --data")
    }
    return try Evaluation(task: task, maximumLength: options.task.maximumLength, observe: observe).report(
      record.name, on: task.read(file).examples, teacher: try teacher(), student: student,
      augmentation: augmentation, layerMap: options.layerMap)
  }

  /// What every combination of K, β and τ of a grid scores on a labelled file: for looking at, not for choosing the values
  /// that are then reported on the same file.
  package func sweep(_ grid: MixingGrid, over file: URL? = nil) throws -> [MixingTrial] {
    guard let file = file ?? options.task.validation?.url, let augmentation else {
      throw ContractError("a sweep needs a labelled file and a knowledge base")
    }
    let data = EncodedDataset(
      try task.read(file).examples, with: student.tokenizer, maximumLength: options.task.maximumLength)
    let response = try answers(of: student, to: data, with: [.embedding, .logits])
    return try augmentation.trials(
      grid, embeddings: try response[.embedding],
      outputs: probabilities(from: try response[.logits], task: task.kind), data: data, task: task)
  }

  /// Answers to texts, in their order.
  public func predict(_ examples: [Example]) throws -> [Prediction] {
    let data = EncodedDataset(examples, with: student.tokenizer, maximumLength: options.task.maximumLength)
    let wanted: Set<Activation> = augmentation == nil ? [.logits] : [.logits, .embedding]
    let response = try answers(of: student, to: data, with: wanted)
    let own = Matrix(probabilities(from: try response[.logits], task: task.kind))
    guard let augmentation else {
      return examples.indices.map { row in
        Prediction(task: task.kind, student: own.row(row), answer: own.row(row), found: nil)
      }
    }
    let neighbours = try augmentation.neighbours(of: try response[.embedding])
    let (retrieved, mixed) = augmentation.answers(student: own, neighbours: neighbours)
    return examples.indices.map { row in
      Prediction(
        task: task.kind, student: own.row(row), answer: mixed.row(row),
        found: (neighbours[row], retrieved.row(row), augmentation.knowledge))
    }
  }
}
