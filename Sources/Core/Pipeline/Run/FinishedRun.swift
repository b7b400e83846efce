import DistillCore
import DistillKnowledge
import DistillTraining
import Foundation

/// A finished run, opened for evaluation or prediction. It is an immutable value that any number of tasks can use at the same
/// time.
public struct FinishedRun: Sendable {
  package let folder: RunFolder
  package let record: RunRecord
  package let options: PipelineOptions
  /// The task, with labels of the knowledge base that the student does not know behind its own.
  public let task: TaskDefinition
  /// The trained student. It calculates in ``precision``, whatever the precision of the calling task is.
  public let student: any TextEncoder
  /// The student, or an encoder whose answers are the student's and whose embeddings are the queries of the knowledge base.
  let reader: any TextEncoder
  /// The knowledge base, or `nil` if the run has none or it was not to be loaded.
  public let augmentation: RetrievalAugmentation?
  /// The entries of the knowledge base by their numbers. Empty if there are none, or in a run from before there were any.
  let entries: [Int: KnowledgeEntry]
  /// The precision that the models calculate in.
  public let precision: Precision
  private let context: PipelineContext

  /// What answers beside the knowledge base.
  public enum Classifier: Sendable {
    /// The one that was chosen last, by the run itself, by `refit` or by hand.
    case chosen
    /// The student's own.
    case student
    /// The readout of this number.
    case readout(Int)
  }

  /// Opens a run.
  ///
  /// - Parameters:
  ///   - url: The folder of the run.
  ///   - registry: The plugins that the pipeline may name.
  ///   - retrieval: Whether to load the knowledge base, if the run has one.
  ///   - classifier: What answers beside the knowledge base.
  ///   - precision: The precision of the answers. Default: the precision that the run was made in.
  /// - Throws: `ContractError` if there is no such readout, `FormatError` and the errors of pipeline files if the folder is not a finished run or is damaged, and
  ///   `ComputeError` if this processor does not support the precision.
  public init(
    _ url: URL, registry: PluginRegistry, retrieval: Bool = true, classifier: Classifier = .chosen,
    precision: Precision? = nil
  ) throws {
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
      // A knowledge base from before it could be changed is sealed as a whole, others by their parts.
      if retrieval, FileManager.default.fileExists(atPath: KnowledgeBase.file(in: folder.knowledgeBase).path) {
        try SealedFolder.check(folder.knowledgeBase)
      }
    }
    // The pipeline file may refer to environment variables that are not set now. They are replaced by their own reference,
    // because the models are in the folder of the run and no such path is needed to load them.
    var environment = ProcessInfo.processInfo.environment
    let references = try FileSystem.text(of: folder.pipeline).matches(of: /\$\{([A-Z_][A-Z0-9_]*)\}/)
    environment.merge(references.map { (String($0.1), String($0.0)) }) { set, _ in set }
    options = try Pipeline.read(file: folder.pipeline.path, environment: environment, registry: registry).value
    self.precision = precision ?? options.precision
    try self.precision.check()
    // The resolved pipeline file contains the labels, so the training file need not exist any more.
    let task = try options.task.definition()
    context = PipelineContext(
      task: task.kind, hasPairs: task.hasPairs, maximumLength: options.task.maximumLength,
      key: RandomKey(UInt64(options.seed)))
    guard let recipe = options.student else { throw FormatError(file: folder.pipeline, "names no student") }
    student = EncoderInPrecision(
      encoder: try recipe.loadStudent(from: folder.student, in: context), precision: self.precision)
    guard retrieval, let base = options.knowledgeBase, let retriever = base.retriever else {
      (self.task, entries, augmentation, reader) = (task, [:], nil, student)
      return
    }
    let space = base.space ?? .student  // a run from before there was a choice
    let place = KnowledgeFolder(folder.knowledgeBase)
    reader =
      try space.isMapped
      ? MappedEncoder(encoder: student, map: place.stateMap(student.card), appendsOwn: space == .both) : student
    let knowledge: KnowledgeBase
    let index: any Retriever
    if KnowledgeLog.exists(at: place.url) {
      let state = try place.log.snapshot()
      self.task = task.adding(state.newLabels(beside: task.kind))
      knowledge = KnowledgeBase(state, labels: options.keyLabels, task: self.task.kind)
      index = try place.retriever(retriever, over: knowledge, of: state)
      entries = Dictionary(uniqueKeysWithValues: state.entries.map { ($0.id, $0) })
    } else {
      (self.task, entries) = (task, [:])
      knowledge = try KnowledgeBase(folder: place.url)
      index = try retriever.loadRetriever(from: place.url, keys: knowledge.embeddings)
    }
    guard knowledge.embeddings.columns == reader.card.embeddingWidth else {
      throw FormatError(
        file: place.url,
        "holds embeddings of width \(knowledge.embeddings.columns); the student's have \(reader.card.embeddingWidth)")
    }
    guard knowledge.softLabels.columns == self.task.kind.outputs else {
      throw FormatError(
        file: place.url,
        "holds soft labels of \(knowledge.softLabels.columns) numbers; the task has \(self.task.kind.outputs)")
    }
    let readouts = ReadoutFolder(url: folder.readouts)
    let number: Int? =
      switch classifier {
      case .chosen: try readouts.chosen()
      case .student: nil
      case .readout(let number): number
      }
    if let number, !readouts.numbers().contains(number) { throw ContractError("there is no readout \(number)") }
    augmentation = RetrievalAugmentation(
      knowledge, retriever: index, mixing: record.mixing ?? base.mixing,
      readout: try number.map { try readouts.readout($0, width: knowledge.embeddings.columns) })
  }

  /// Loads the prepared teacher. Returns `nil` if the run had none.
  ///
  /// - Throws: `FormatError` if the teacher's folder is missing or damaged.
  public func teacher() throws -> (any Teacher)? {
    let context = context.with(student: student.card)
    if record.isSealed, options.teacher != nil { try SealedFolder.check(folder.teacher) }
    return try options.teacher.map {
      EncoderInPrecision(encoder: try $0.loadTeacher(from: folder.teacher, in: context), precision: precision)
    }
  }

  /// Evaluates teacher, student, and student with knowledge base on a labelled file.
  ///
  /// The baselines of the run's own report are missing, because they are fitted to the training texts and not stored.
  ///
  /// - Parameters:
  ///   - file: The file, with the columns of the task, in the format that its name stands for or else that of the task. Default: the
  ///     validation files of the run.
  ///   - mixing: Other settings of the knowledge base than the run's.
  ///   - hasTeacher: Whether the teacher has a row. It has none, either, if its folder was removed.
  ///   - observe: Receives the progress.
  /// - Throws: `ContractError` if no file is given and the run has no validation file, and the errors of reading the file.
  ///
  /// With a knowledge base, the file may have labels that nobody has taught, which no answer can name.
  public func evaluate(
    _ file: URL? = nil, mixing: Mixing? = nil, hasTeacher: Bool = true,
    observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws -> Report {
    var augmentation = augmentation
    if let mixing { augmentation?.use(mixing) }
    let files = try labelledFiles(file)
    let own = file.map(task.reading) ?? task
    let task = try augmentation == nil ? own : files.reduce(own) { try $0.addingLabels(of: $1) }
    let isThere = FileManager.default.fileExists(atPath: folder.teacher.path)
    if hasTeacher, options.teacher != nil, !isThere {
      observe(.note("\(folder.teacher.path) is not there any more: the teacher has no row"))
    }
    let examples = try files.flatMap { try task.read($0).examples }
    let labelled = entries.values.filter { $0.allLabels != nil || $0.score != nil }
    let seen = Report.remark(
      on: examples, alsoIn: "the knowledge base, with their labels",
      labelled.compactMap { entry in entry.text.map { PlainText($0, pair: entry.pair) } })
    return try Evaluation(
      task: task, knownLabels: options.task.definition().kind.outputs, taughtLabels: self.task.kind.outputs,
      maximumLength: options.task.maximumLength, thresholds: record.thresholds ?? [:],
      temperature: record.temperature, observe: observe
    ).report(
      record.name, on: examples,
      teacher: try hasTeacher && isThere ? teacher() : nil,
      student: reader,
      augmentation: augmentation, layerMap: options.layerMap, describe: { entries[$0] },
      unknownBeyond: record.unknownBeyond,
      selection: file == nil ? options.selectionNote : nil, remarks: [seen].compactMap(\.self))
  }

  /// Returns the files that are evaluated if `file` is given, or if it is not.
  ///
  /// - Throws: `ContractError` if no file is given and the run has no validation file.
  package func labelledFiles(_ file: URL?) throws -> [URL] {
    guard let files = try file.map({ [$0] }) ?? options.task.validation?.files() else {
      throw ContractError("the run has no validation file; name one with --data")
    }
    return files
  }

  /// Returns the scores of every combination of K, β and τ in a grid on a labelled file.
  ///
  /// They are those of the classifier that answers. The result is for inspection. Values that are chosen by it must not be reported on
  /// the same file.
  package func sweep(_ grid: MixingGrid, over file: URL? = nil) throws -> [MixingTrial] {
    guard let augmentation else { throw ContractError("a sweep needs a knowledge base") }
    let task = file.map(task.reading) ?? task
    let data = EncodedDataset(
      try labelledFiles(file).flatMap { try task.read($0).examples }, with: student.tokenizer,
      maximumLength: options.task.maximumLength)
    let response = try answers(of: reader, to: data, with: [.embedding, .logits])
    guard let readout = augmentation.readout else {
      return try augmentation.trials(
        grid, embeddings: try response[.embedding],
        outputs: probabilities(from: try response[.logits], task: task.kind), data: data, task: task)
    }
    var asked = augmentation
    asked.mixing.studentTemperature = 1
    return try asked.trials(
      grid, embeddings: try response[.embedding],
      outputs: readout(try response[.embedding].l2Normalised(), task: task.kind).tensor, data: data, task: task,
      unknown: readout.unknown(in: task.kind))
  }

  /// Returns the answers to texts, in the order of the texts.
  ///
  /// - Parameters:
  ///   - examples: The texts.
  ///   - mixing: Other settings of the knowledge base than the run's.
  public func predict(_ examples: [Example], mixing: Mixing? = nil) throws -> [Prediction] {
    let data = EncodedDataset(examples, with: student.tokenizer, maximumLength: options.task.maximumLength)
    return try predict(data, batchSize: 64, mixing: mixing)
  }

  /// Returns the answers to texts that are token ids already.
  func predict(_ data: EncodedDataset, batchSize: Int, mixing: Mixing? = nil) throws -> [Prediction] {
    guard var augmentation else {
      let logits = try answers(of: student, to: data, with: [.logits], batchSize: batchSize)[.logits]
      let own = Matrix(probabilities(from: logits, task: task.kind))
      return (0..<data.count).map { row in
        Prediction(
          task: task.kind, student: own.row(row), answer: own.row(row), found: nil,
          labelThreshold: record.thresholds?["student"])
      }
    }
    if let mixing { augmentation.use(mixing) }
    let found = try augmentation.answers(
      answers(of: reader, to: data, with: [.logits, .embedding], batchSize: batchSize), task: task.kind,
      neighbours: RetrievalAugmentation.neighboursForNovelty)
    return (0..<data.count).map { row in
      Prediction(
        task: task.kind, student: found.own.row(row), answer: found.mixed.row(row),
        found: (
          Array(found.neighbours[row].prefix(augmentation.mixing.neighbours)), found.retrieved.row(row),
          augmentation.knowledge, entries, augmentation.novelty(found.neighbours[row])
        ), threshold: record.unknownBeyond, labelThreshold: record.thresholds?["student + knowledge base"])
    }
  }
}
