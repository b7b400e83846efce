import DistillCore
import DistillTraining
import Foundation

/// A run of a pipeline, from its texts to its report.
public final class PipelineRun {
  let pipeline: Pipeline
  let folder: RunFolder
  private let stop: StopRequest
  let observe: (TrainingEvent) -> Void
  let texts: TaskTexts
  let resumes: Bool
  private let provenance: Provenance
  /// The lock on the folder, which is released when this object is destroyed.
  private let lock: FileLock
  var record: RunRecord
  /// Whether the student's training has reached its classifier.
  private(set) var trainsClassifier = false
  /// What the held-out texts say about a linear readout, if they were asked.
  var readoutRemark: String?
  /// What the held-out texts say about the neighbours, if these almost had a say.
  var mixingRemark: String?

  /// Reads the texts and opens the folder of the run, which no other process can use from then on.
  ///
  /// - Parameters:
  ///   - pipeline: The pipeline.
  ///   - output: The folder of the run. Default: the one in the pipeline.
  ///   - resumes: Whether to resume an interrupted run in the folder.
  ///   - stop: The request to stop, which is checked after each step and between stages.
  ///   - observe: Receives the events of the run.
  /// - Throws: `TextFileError` if the texts cannot be read, ``RunError`` if the folder contains something else or a run that
  ///   cannot be resumed, and ``FolderInUse`` if another process is running in the folder.
  public init(
    _ pipeline: Pipeline, output: URL? = nil, resumes: Bool = false, stop: StopRequest = StopRequest(),
    observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws {
    (self.pipeline, self.stop, self.resumes) = (pipeline, stop, resumes)
    folder = RunFolder(output ?? pipeline.options.output.url)
    let progress = RunProgressLog(folder.progress)
    self.observe = { event in
      progress.note(event)
      observe(event)
    }
    texts = try pipeline.options.texts()
    provenance = try pipeline.provenance(texts)
    record = RunRecord(
      name: pipeline.options.name, provenance: provenance, seed: pipeline.options.seed, threads: Compute.threads,
      layerMap: pipeline.layerMap.map { [$0.student, $0.teacher] })
    try folder.check()
    lock = try folder.locked()
    try openFolder()
  }

  private func openFolder() throws {
    try folder.check()  // again, now that the lock keeps other processes from changing it
    folder.clearAbandoned()
    // Trained models are never overwritten. The user has to remove them or choose another folder.
    if let old = try? RunRecord(folder.record) {
      if old.isComplete {
        try FileSystem.remove(folder.checkpoints)  // the run may have been killed before it removed them
        throw RunError.finished(folder.url.path)
      }
      if resumes {
        let differences = provenance.differences(since: old.provenance)
        guard differences.isEmpty else { throw RunError.otherSettings(folder.url.path, differences) }
        record.seconds = old.seconds
      } else {
        let phases = ((try? FileSystem.names(in: folder.checkpoints)) ?? []).filter {
          $0 != folder.progress.lastPathComponent
        }
        if !phases.isEmpty { throw RunError.unfinished(folder.url.path) }
        for part in folder.parts { try FileSystem.remove(part) }
      }
    }
    record.pipelineChecksum = RunRecord.checksum(ofPipeline: resolved)
    try record.write(to: folder.record)
    try AtomicFile.write(Data(resolved.utf8), to: folder.pipeline)
  }

  /// The pipeline file with every default written out. It includes the labels, so that the training file is not needed later.
  private var resolved: String {
    var options = pipeline.options
    if TaskDefinition.named(options.task.use) == nil, let labels = texts.task.kind.labels {
      options.task.labels = labels
    }
    let (space, labels) = (options.searchSpace(pipeline.models.student), options.keyLabels)
    options.knowledgeBase?.space = space
    options.knowledgeBase?.labels = labels
    options.output = OptionPath(folder.url.path)
    return options.resolvedYAML(writtenAs: pipeline.source)
  }

  /// Prepares the teacher, distils the student, builds the knowledge base, and evaluates all of them.
  ///
  /// - Throws: `TrainingError.stopped` if a stop was requested, in which case the run can be resumed, and the errors of its
  ///   stages.
  public func run() throws -> Report {
    try Compute.$precision.withValue(pipeline.options.precision) { try runStages() }
  }

  private func runStages() throws -> Report {
    let metrics = try MetricsLog(
      folder.metrics, append: resumes, tensorBoard: pipeline.options.tensorboard ? folder.tensorBoard : nil)
    let loop = TrainingLoop(
      files: TrainingLoop.Files(
        metrics: metrics, checkpoints: folder.checkpoints, resumes: resumes, provenance: provenance),
      seed: pipeline.options.seed, stop: stop, observe: observe)

    let teacher = try timed("teacher") { try pipeline.options.teacher.map { try prepared($0, loop) } }
    let unseen = try timed("teacher") { try outOfFoldLabels(beside: teacher, loop) }
    let student = try timed("student") { try distilled(teacher, loop) }
    try SealedFolder.write(to: folder.student) { try student.write(to: $0) }
    let (reader, augmentation, entries) = try timed("knowledge_base") { try knowledgeBase(teacher, student, unseen) }

    try timed("evaluation") { try recordHeldOutAnswers(of: student) }
    let baselines = try timed("baselines") { try self.baselines(teacher, student, loop) }
    var report = try timed("evaluation") {
      guard let validation = texts.validation else {
        return Report(name: record.name, remarks: [unseen?.remark].compactMap(\.self))
      }
      return try evaluation.report(
        record.name, on: validation, teacher: teacher, student: reader, augmentation: augmentation,
        baselines: baselines, layerMap: pipeline.options.layerMap,
        describe: { id in entries.indices.contains(id) && entries[id].id == id ? entries[id] : nil },
        selection: pipeline.options.selectionNote,
        remarks: try remarks(on: teacher)
          + [unseen?.remark, leakRemark, seenRemark(validation), readoutRemark, mixingRemark].compactMap(\.self))
    }
    record.peakMemory = Compute.peakMemory
    var findings = report.findings ?? Findings()
    findings.curves = try LearningCurves.all(of: folder)
    findings.material = RunMaterial(
      record, pipeline: resolved, texts: texts, tokenizer: student.tokenizer,
      maximumLength: pipeline.options.task.maximumLength)
    report.findings = findings
    try report.write(to: folder)
    record.isComplete = true
    try record.write(to: folder.record)
    try FileSystem.remove(folder.checkpoints)  // several times the size of the models, and not needed any more
    return report
  }

  /// Throws `TrainingError.stopped` if a stop was requested. The checkpoints contain what has been trained so far.
  func stopIfRequested(before stage: String) throws {
    if let signal = stop.requested { throw TrainingError.stopped(signal: signal, phase: stage, step: nil) }
  }

  private func timed<T>(_ stage: String, _ body: () throws -> T) throws -> T {
    try stopIfRequested(before: stage)
    let start = ContinuousClock.now
    defer { record.seconds[stage, default: 0] += start.duration(to: .now) / .seconds(1) }
    return try body()
  }

  /// Returns the texts to train on, without those of a fold. Only a student with a teacher can learn from the unlabelled ones.
  func data(_ tokenizer: any Tokenizer, withUnlabelled: Bool = false, without fold: Fold? = nil) -> TaskData {
    func encoded(_ examples: [Example]) -> EncodedDataset {
      EncodedDataset(examples, with: tokenizer, maximumLength: pipeline.options.task.maximumLength)
    }
    let training = fold.map { $0.others(of: texts.training) } ?? texts.training
    return TaskData(
      task: texts.task, training: encoded(training + (withUnlabelled ? texts.unlabelled : [])),
      validation: texts.selection.map(encoded),
      heldOut: texts.heldOutForTeacher.isEmpty ? nil : encoded(texts.heldOutForTeacher))
  }

  private var leakRemark: String? {
    let count = texts.leakedCount
    return count == 0
      ? nil
      : "\(count) of the unlabelled texts are also held out or in the validation file: figures on these are not those of unseen texts"
  }

  private func seenRemark(_ validation: [Example]) -> String? {
    Report.remark(on: validation, alsoIn: "the training file", (texts.training + texts.heldOut).map(PlainText.init))
  }

  private func distilled(_ teacher: (any Teacher)?, _ loop: TrainingLoop) throws -> any TextEncoder {
    guard let recipe = pipeline.options.student else { throw ContractError("a pipeline without a student") }
    let preparation = Preparation(trainer: loop) { [self] tokenizer in
      guard texts.training.isEmpty, let teacher else { return self.data(tokenizer) }
      return try self.data(tokenizer, withUnlabelled: true).labelled(by: teacher)
    }
    let student = try recipe.makeStudent(in: pipeline.context, teacher: teacher, preparation)
    if let teacher, !teacher.card.readsTexts, teacher.tokenizer.fingerprint != student.tokenizer.fingerprint {
      throw ContractError("teacher and student have different vocabularies")
    }
    if let remark = leakRemark { observe(.note(remark)) }
    let data = data(student.tokenizer, withUnlabelled: true)
    let answers = try pipeline.options.teacher.map {
      AnswerFolder(
        own: folder.checkpoints.appending(path: "teacher-answers"), shared: folder.teacherAnswers,
        teacher: try pipeline.teacherProvenance($0, texts))
    }
    let objective = try pipeline.objective(
      student, teacher, data, scheduler: pipeline.options.schedule, answers: answers, observe: observe)
    try loop.fit(objective, options: pipeline.options.training, phase: "student")
    try loop.finish(student, on: data, phase: "student")
    trainsClassifier = objective.trainsClassifier
    if !trainsClassifier {
      observe(.note("the schedule did not reach the outputs: no loss taught the classifier. Set more training.epochs"))
    }
    return try student.model()
  }
}
