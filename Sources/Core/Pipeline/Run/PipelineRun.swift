import DistillCore
import DistillTraining
import Foundation

/// A run of a pipeline, from its texts to its report.
public final class PipelineRun {
  private let pipeline: Pipeline
  private let folder: RunFolder
  private let stop: StopRequest
  private let observe: (TrainingEvent) -> Void
  private let texts: TaskTexts
  private let resumes: Bool
  private let provenance: Provenance
  /// The lock on the folder, which is released when this object is destroyed.
  private let lock: FileLock
  private var record: RunRecord

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
    (self.pipeline, self.stop, self.observe, self.resumes) = (pipeline, stop, observe, resumes)
    folder = RunFolder(output ?? pipeline.options.output.url)
    texts = try pipeline.options.task.texts(seed: pipeline.options.seed)
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
        let phases = try? FileSystem.names(in: folder.checkpoints)
        if phases?.isEmpty == false { throw RunError.unfinished(folder.url.path) }
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
    if TaskDefinition.named(options.task.use) == nil, case .classification(let labels) = texts.task.kind {
      options.task.labels = labels
    }
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
    let metrics = try MetricsLog(folder.metrics, append: resumes)
    let loop = TrainingLoop(
      files: TrainingLoop.Files(
        metrics: metrics, checkpoints: folder.checkpoints, resumes: resumes, provenance: provenance),
      seed: pipeline.options.seed, stop: stop, observe: observe)

    let teacher = try timed("teacher") { try pipeline.options.teacher.map { try prepared($0, loop) } }
    let student = try timed("student") { try distilled(teacher, loop) }
    try SealedFolder.write(to: folder.student) { try student.write(to: $0) }
    let augmentation = try timed("knowledge_base") { try knowledgeBase(teacher, student) }

    let baselines = try timed("baselines") { try self.baselines(teacher, student, loop) }
    let report = try timed("evaluation") {
      guard let validation = texts.validation else { return Report(name: record.name) }
      return try evaluation.report(
        record.name, on: validation, teacher: teacher, student: student, augmentation: augmentation,
        baselines: baselines, layerMap: pipeline.options.layerMap,
        selection: texts.heldOut.isEmpty ? Report.epochSelection : nil)
    }
    try report.write(to: folder)
    record.peakMemory = Compute.peakMemory
    record.isComplete = true
    try record.write(to: folder.record)
    try FileSystem.remove(folder.checkpoints)  // several times the size of the models, and not needed any more
    return report
  }

  /// Throws `TrainingError.stopped` if a stop was requested. The checkpoints contain what has been trained so far.
  private func stopIfRequested(before stage: String) throws {
    if let signal = stop.requested { throw TrainingError.stopped(signal: signal, phase: stage, step: nil) }
  }

  private func timed<T>(_ stage: String, _ body: () throws -> T) throws -> T {
    try stopIfRequested(before: stage)
    let start = ContinuousClock.now
    defer { record.seconds[stage, default: 0] += start.duration(to: .now) / .seconds(1) }
    return try body()
  }

  private func data(_ tokenizer: any Tokenizer) -> TaskData {
    let length = pipeline.options.task.maximumLength
    // Held-out examples select the best epoch if there are any, so that the validation file stays unseen until the end.
    let selection = texts.heldOut.isEmpty ? texts.validation : texts.heldOut
    return TaskData(
      task: texts.task, training: EncodedDataset(texts.training, with: tokenizer, maximumLength: length),
      validation: selection.map { EncodedDataset($0, with: tokenizer, maximumLength: length) })
  }

  private func prepared(_ recipe: any TeacherRecipe, _ loop: TrainingLoop) throws -> any Teacher {
    let teachers = PreparedTeachers(folder: folder, observe: observe)
    let provenance = try pipeline.teacherProvenance(recipe, texts)
    try teachers.prepare(provenance, resumes: resumes, stop: { try stopIfRequested(before: "teacher") }) {
      // The teacher is stored under the provenance of the files as they were at the start, and somebody may have replaced them
      // before they were read. They are therefore compared again once the weights have been loaded: when the recipe asks for
      // the data of a training, or after it has returned if there was no training.
      var isChecked = false
      func checkFiles() throws {
        let now = try pipeline.teacherProvenance(recipe, texts)
        guard now == provenance else {
          throw RunError.otherSettings(folder.url.path, now.differences(since: provenance))
        }
        isChecked = true
      }
      let teacher = try recipe.makeTeacher(
        in: pipeline.context,
        Preparation(trainer: loop) { [self] tokenizer in
          try checkFiles()
          return data(tokenizer)
        })
      if let activation = teacher.untrained.map(\.description).sorted().first {
        throw ContractError(
          "the teacher's \(activation) would come from weights that nothing has trained; "
            + "add `fine_tune:` to it, or train for more steps if it is there")
      }
      if !isChecked { try checkFiles() }
      return teacher
    }
    return try recipe.loadTeacher(from: folder.teacher, in: pipeline.context)
  }

  private func distilled(_ teacher: (any Teacher)?, _ loop: TrainingLoop) throws -> any TextEncoder {
    guard let recipe = pipeline.options.student else { throw ContractError("a pipeline without a student") }
    let student = try recipe.makeStudent(in: pipeline.context, teacher: teacher)
    if let teacher, teacher.tokenizer.fingerprint != student.tokenizer.fingerprint {
      throw ContractError("teacher and student have different vocabularies")
    }
    let data = data(student.tokenizer)
    let answers = try pipeline.options.teacher.map {
      AnswerFolder(
        own: folder.checkpoints.appending(path: "teacher-answers"), shared: folder.teacherAnswers,
        teacher: try pipeline.teacherProvenance($0, texts))
    }
    let objective = try pipeline.objective(
      student, teacher, data, scheduler: pipeline.options.schedule, answers: answers, observe: observe)
    let summary = try loop.fit(objective, options: pipeline.options.training, phase: "student")
    if data.validation != nil, summary.scores.isEmpty {
      observe(.note("the schedule did not reach the outputs: the classifier is untrained. Set more training.epochs"))
    }
    return try student.model()
  }

  private var evaluation: Evaluation {
    Evaluation(task: texts.task, maximumLength: pipeline.options.task.maximumLength, observe: observe)
  }

  /// Fits what the student is compared with. There is nothing to compare without a validation file.
  private func baselines(
    _ teacher: (any Teacher)?, _ student: any TextEncoder, _ loop: TrainingLoop
  ) throws -> Baselines {
    var baselines = Baselines()
    guard texts.validation != nil else { return baselines }
    let options = pipeline.options
    if options.baselines.undistilled, let recipe = options.student {
      let undistilled = try recipe.makeStudent(in: pipeline.context, teacher: teacher)
      try loop.fineTune(
        undistilled, on: data(undistilled.tokenizer), options: options.training, phase: "undistilled student")
      baselines.answerers.append(evaluation.answerer("undistilled student", try undistilled.model()))
    }
    if options.baselines.frozen {
      baselines.addConstant(texts.training.compactMap(\.target), task: texts.task.kind)
      if let base = try pipeline.base(), base.card.activations.contains(.hidden) {
        baselines.answerers += try FrozenBaselines(
          base, task: texts.task, maximumLength: options.task.maximumLength, key: pipeline.context.key
        ).answerers(training: texts.training, heldOut: texts.heldOut, student: student.card) { done, total in
          observe(.progress(what: "baselines", done: done, total: total))
          try stopIfRequested(before: "baselines")
        }
      } else {
        observe(.note("no baselines on frozen embeddings: teacher and student start from no checkpoint"))
      }
    }
    return baselines
  }

  private func knowledgeBase(_ teacher: (any TextEncoder)?, _ student: any TextEncoder) throws -> RetrievalAugmentation?
  {
    guard let options = pipeline.options.knowledgeBase, let recipe = options.retriever, let teacher else { return nil }
    let length = pipeline.options.task.maximumLength
    let training = EncodedDataset(texts.training, with: teacher.tokenizer, maximumLength: length)
    let knowledge = try KnowledgeBase(
      teacher: teacher, data: training, rows: texts.trainingRows, task: texts.task.kind
    ) {
      observe(.progress(what: "knowledge base", done: $0, total: training.count))
      try stopIfRequested(before: "knowledge base")
    }
    var augmentation = RetrievalAugmentation(
      knowledge, retriever: try recipe.makeRetriever(knowledge.embeddings), mixing: options.mixing)
    if let grid = options.choose {
      let heldOut = EncodedDataset(texts.heldOut, with: student.tokenizer, maximumLength: length)
      let response = try answers(of: student, to: heldOut, with: [.embedding, .logits])
      let trials = try augmentation.trials(
        grid, embeddings: try response[.embedding],
        outputs: probabilities(from: try response[.logits], task: texts.task.kind), data: heldOut, task: texts.task)
      if let best = RetrievalAugmentation.best(of: trials) { augmentation.mixing = best.mixing }
    }
    record.mixing = augmentation.mixing
    try SealedFolder.write(to: folder.knowledgeBase) { folder in
      try knowledge.write(to: folder)
      try augmentation.retriever.write(to: folder)
    }
    return augmentation
  }
}
