import DistillCore
import DistillTraining
import Foundation

/// An estimate of the time and memory that a run will take, from trying a few steps of each training.
package struct RunPlan: Sendable, Codable {
  /// The estimate for one training.
  package struct Phase: Sendable, Codable {
    package let name: String
    package let epochs: Int
    package let stepsPerEpoch: Int
    /// The median of the steps that were tried.
    package let secondsPerStep: Double
    /// The seconds for one epoch, including the evaluation.
    package let secondsPerEpoch: Double
    /// The seconds for one checkpoint.
    package let secondsPerCheckpoint: Double
    package var seconds: Double {
      let epochs = Double(epochs)
      // One at the end, and before it one every half a minute at most, where an epoch ends.
      return epochs * secondsPerEpoch + min(epochs, 1 + (epochs * secondsPerEpoch / 30).rounded(.down))
        * secondsPerCheckpoint
    }
  }

  package let name: String
  package let teacherParameters: Int?
  package let studentParameters: Int
  /// The trainings in their order. The teacher's are missing if an earlier run has prepared the same teacher.
  package let phases: [Phase]
  /// The seconds for each stage, under the names of `run.json`: teacher, student, knowledge_base, baselines,
  /// evaluation.
  package let seconds: [String: Double]
  /// Those of the stage `teacher` for teachers that label keys out of fold.
  package let foldSeconds: Double
  /// The size in bytes of the teacher's answers that are kept on disk while the student is trained.
  package let rememberedBytes: Int
  /// The largest amount of memory in use at one time, in bytes.
  package let peakMemory: Int

  package var totalSeconds: Double { seconds.values.reduce(0, +) }
}

extension RunPlan {
  /// Tries a few steps of each training on a part of the examples. Nothing is kept.
  ///
  /// The estimate assumes that all terms are active in every step, whatever the schedule is, and leaves out the time for
  /// building the index of a knowledge base and for solving regressions.
  ///
  /// - Parameters:
  ///   - pipeline: The pipeline.
  ///   - output: The folder of the run, next to which prepared teachers are looked up. Default: the one in the pipeline.
  ///   - steps: The number of steps to try of each training.
  ///   - observe: Receives messages about the progress.
  package init(
    _ pipeline: Pipeline, output: URL? = nil, steps: Int = 5, observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws {
    self = try Compute.$precision.withValue(pipeline.options.precision) {
      try RunPlan(trying: pipeline, output: output, steps: steps, observe: observe)
    }
  }

  private init(
    trying pipeline: Pipeline, output: URL?, steps: Int, observe: @escaping (TrainingEvent) -> Void
  ) throws {
    let options = pipeline.options
    let texts = try options.texts()
    let scratch = FileManager.default.temporaryDirectory.appending(path: "distill-plan-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: scratch) }
    let trainer = try Calibration(texts: texts, steps: steps, scratch: scratch, seed: options.seed, observe: observe)

    let preparation = Preparation(trainer: trainer) {
      trainer.data($0, options.task.maximumLength, batchSize: options.training.batchSize)
    }
    var seconds: [String: Double] = [:]
    var teacher: (any Teacher)?
    var foldSeconds = 0.0
    if let recipe = options.teacher {
      let teachers = PreparedTeachers(folder: RunFolder(output ?? options.output.url), observe: observe)
      func prepared(_ recipe: any TeacherRecipe) throws -> any Teacher {
        if let folder = teachers.find(try pipeline.teacherProvenance(recipe, texts)) {
          return try recipe.loadTeacher(from: folder, in: pipeline.context)
        }
        return try recipe.makeTeacher(
          in: pipeline.context,
          Preparation(trainer: trainer) { _, member in
            try prepared(member)
          } data: {
            try preparation.data(for: $0)
          })
      }
      teacher = try prepared(recipe)
      seconds["teacher"] = trainer.phases.reduce(0) { $0 + $1.seconds }
      // Each fold's teacher learns from the others, with all its parts.
      let folds = options.knowledgeBase.map { options.folds($0.foldCount, of: texts) } ?? []
      let missing = try folds.count { teachers.find(try pipeline.teacherProvenance(recipe, texts, without: $0)) == nil }
      if missing > 0 {
        let trial = try Calibration(
          texts: texts, steps: steps, scratch: scratch.appending(path: "folds"), seed: options.seed, observe: observe)
        let part = Preparation(trainer: trial) {
          trial.data($0, options.task.maximumLength, batchSize: options.training.batchSize)
        }
        _ = try recipe.makeTeacher(in: pipeline.context, part)
        let whole = trial.phases.reduce(0) { $0 + $1.seconds }
        foldSeconds = whole * Double(missing) * Double(folds.count - 1) / Double(folds.count)
        seconds["teacher", default: 0] += foldSeconds
      }
    }
    guard let recipe = options.student else { throw ContractError("a pipeline without a student") }
    let starting = Preparation(trainer: trainer) {
      guard texts.training.isEmpty, let teacher else { return try preparation.data(for: $0) }
      return try trainer.data(
        $0, options.task.maximumLength, batchSize: options.training.batchSize, withUnlabelled: true
      ).labelled(by: teacher)
    }
    let student = try recipe.makeStudent(in: pipeline.context, teacher: teacher, starting)
    let data = trainer.data(
      student.tokenizer, options.task.maximumLength, batchSize: options.training.batchSize, withUnlabelled: true)
    let objective = try pipeline.objective(student, teacher, data, scheduler: nil, observe: observe)
    try trainer.fit(objective, options: options.training, phase: "student")
    seconds["student"] = (trainer.phases.last?.seconds ?? 0) + trainer.secondsBefore

    let all = EncodedDataset(
      texts.training + texts.unlabelled, with: student.tokenizer, maximumLength: options.task.maximumLength)
    let perTeacherAnswer = try teacher.map { try trainer.secondsPerAnswer(of: $0, to: data.training) } ?? 0
    let perStudentAnswer = try trainer.secondsPerAnswer(of: student.model(), to: data.training)
    let withBase = options.knowledgeBase == nil ? 0.0 : 1
    let keys = (options.keyLabels == .gold ? texts.training.count : all.count) + texts.heldOut.count
    seconds["knowledge_base"] = withBase * perTeacherAnswer * Double(keys)
    // The encoder that the baselines read has the size of the teacher, if there is one. It embeds all texts once, and three rows
    // read it: two regressions and the nearest neighbours.
    let count = Double(texts.validation?.count ?? 0)
    let perBaseAnswer = options.baselines.frozen ? (teacher == nil ? perStudentAnswer : perTeacherAnswer) : 0
    seconds["baselines"] =
      count == 0
      ? 0
      : perBaseAnswer * Double(texts.training.count + texts.heldOut.count)
        + (options.baselines.undistilled ? trainer.phases.last?.seconds ?? 0 : 0)
    // Each row answers all texts, and at most 512 of them four times more to measure its speed. Then the layers of teacher and
    // student are compared, and retrieval is examined.
    let perRow =
      perTeacherAnswer + (1 + withBase + (options.baselines.undistilled ? 1 : 0)) * perStudentAnswer + 3 * perBaseAnswer
    seconds["evaluation"] =
      (count + 4 * min(count, 512)) * perRow + count * (perTeacherAnswer + (1 + withBase) * perStudentAnswer)

    name = options.name
    teacherParameters = teacher?.card.parameters
    studentParameters = student.card.parameters
    phases = trainer.phases
    self.seconds = seconds
    self.foldSeconds = foldSeconds
    rememberedBytes = objective.rememberedBytes(of: all)
    peakMemory = Compute.peakMemory
  }

  package func json() throws -> String { String(decoding: try JSONEncoder.pretty.encode(self), as: UTF8.self) }

  /// Whether a run needs no time for the teacher, because an earlier one has prepared it.
  package var hasPreparedTeacher: Bool { teacherParameters != nil && seconds["teacher"] == 0 }

  /// Returns the plan as a table for a terminal. If there is a finished run, the table also shows what that run took. If only one of the
  /// two has found its teacher prepared, their times in all say little, and those without the teacher are shown as well.
  ///
  /// - Throws: `FormatError` if the folder is not that of a run.
  package func text(beside run: URL? = nil) throws -> String {
    let record = try run.map { try RunRecord(RunFolder($0).record) }
    let trained = try run.map {
      try LearningCurves.read(RunFolder($0).metrics).contains { $0.phase.hasPrefix("teacher") }
    }
    let wasPrepared = trained.map { !$0 }
    func time(_ seconds: Double) -> String {
      seconds < 100 ? "\(Report.fixed(seconds, 1)) s" : "\(Report.fixed(seconds / 60, 1)) min"
    }
    func size(_ bytes: Int) -> String { "\(Report.fixed(Double(bytes) / 1_048_576, 0)) MiB" }
    func count(_ parameters: Int) -> String { "\(Report.fixed(Double(parameters) / 1e6, 1)) M" }
    func line(_ name: String, _ value: String, _ measured: String? = nil) -> String {
      name.padding(toLength: 28, withPad: " ", startingAt: 0) + value + (measured.map { "  (was \($0))" } ?? "")
    }
    var lines = [
      line("parameters", [teacherParameters, studentParameters].compactMap { $0.map(count) }.joined(separator: " → "))
    ]
    for phase in phases {
      lines.append(
        line(
          phase.name,
          "\(phase.epochs) epochs of \(phase.stepsPerEpoch) steps, \(Report.fixed(phase.secondsPerStep, 3)) s a step, "
            + "\(time(phase.secondsPerEpoch)) an epoch, \(time(phase.seconds)) in all"))
    }
    if foldSeconds > 0 { lines.append(line("teachers of the folds", "\(time(foldSeconds)) in all")) }
    if teacherParameters != nil, hasPreparedTeacher || wasPrepared == true {
      func state(_ isPrepared: Bool) -> String { isPrepared ? "prepared" : "trained" }
      lines.append(line("teacher", "is " + state(hasPreparedTeacher), wasPrepared.map(state)))
    }
    for stage in ["teacher", "student", "knowledge_base", "baselines", "evaluation"] {
      guard let value = seconds[stage], value > 0 || (record?.seconds[stage] ?? 0) > 0 else { continue }
      lines.append(line("time: " + stage.replacing("_", with: " "), time(value), record?.seconds[stage].map(time)))
    }
    lines.append(line("time in all", time(totalSeconds), record.map { time($0.seconds.values.reduce(0, +)) }))
    if let record, teacherParameters != nil, hasPreparedTeacher != wasPrepared {
      func others(_ seconds: [String: Double]) -> String {
        time(seconds.filter { $0.key != "teacher" }.values.reduce(0, +))
      }
      lines.append(line("time without the teacher", others(seconds), others(record.seconds)))
    }
    lines.append(line("answers on disk", size(rememberedBytes)))
    lines.append(line("memory, at most", size(peakMemory), record?.peakMemory.map(size)))
    return lines.joined(separator: "\n")
  }
}

/// A trainer that runs only a few steps of each training and extrapolates the time of the whole.
private final class Calibration: Trainer {
  private let texts: TaskTexts
  private let steps: Int
  private let files: TrainingLoop.Files
  private let seed: Int
  private let observe: (TrainingEvent) -> Void
  private(set) var phases: [RunPlan.Phase] = []
  /// The seconds, extrapolated to all examples, that the last training took once before its steps, mainly for the teacher's
  /// answers.
  private(set) var secondsBefore = 0.0
  /// The number of examples of the whole training for which ``data(_:_:batchSize:withUnlabelled:)`` was called last.
  private var examples = 0

  init(texts: TaskTexts, steps: Int, scratch: URL, seed: Int, observe: @escaping (TrainingEvent) -> Void) throws {
    (self.texts, self.steps, self.seed, self.observe) = (texts, steps, seed, observe)
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    files = TrainingLoop.Files(
      metrics: try MetricsLog(scratch.appending(path: "metrics.jsonl"), append: false),
      checkpoints: scratch.appending(path: "checkpoints"), resumes: false, provenance: Provenance())
  }

  /// Returns a part of the task's examples, drawn by the seed, in place of all of them. The longest come first.
  func data(
    _ tokenizer: any Tokenizer, _ length: Int, batchSize: Int, withUnlabelled: Bool = false
  ) -> TaskData {
    func some(_ examples: [Example]) -> EncodedDataset {
      let order = RandomKey(UInt64(seed)).child("plan").permutation(examples.count)
      let sample = EncodedDataset(
        order.prefix(steps * batchSize).map { examples[$0] }, with: tokenizer, maximumLength: length)
      let longestFirst = sample.sequences.indices.sorted {
        (sample.sequences[$1].ids.count, $0) < (sample.sequences[$0].ids.count, $1)
      }
      return EncodedDataset(
        sequences: longestFirst.map { sample.sequences[$0] }, targets: longestFirst.map { sample.targets[$0] },
        texts: sample.texts.map { texts in longestFirst.map { texts[$0] } })
    }
    let training = texts.training + (withUnlabelled ? texts.unlabelled : [])
    examples = training.count
    return TaskData(
      task: texts.task, training: some(training), validation: texts.selection.map(some),
      heldOut: texts.heldOutForTeacher.isEmpty ? nil : some(texts.heldOutForTeacher))
  }

  @discardableResult
  func fit(_ objective: any Objective, options: TrainingOptions, phase: String) throws -> TrainingSummary {
    var short = options
    short.epochs = 1
    var (seconds, epoch) = ([Double](), 0.0)
    let first = try secondsOfFirstStep(objective, batchSize: options.batchSize)
    let started = ContinuousClock.now
    let loop = TrainingLoop(files: files, seed: seed) { event in
      if case .step(let record) = event { seconds.append(record.seconds) }
      if case .epoch(let record) = event { epoch = record.seconds }
    }
    let summary = try loop.fit(objective, options: short, phase: phase)
    let total = started.duration(to: .now) / .seconds(1)
    // The first step is left out of the median, because memory and caches are not yet as they will be.
    let rest = seconds.count > 1 ? Array(seconds.dropFirst()) : seconds
    let step = rest.sorted()[rest.count / 2]
    let share = Double(examples) / Double(objective.exampleCount)
    secondsBefore = first * share
    let selection = texts.selection?.count ?? 0
    let tried = min(selection, steps * options.batchSize)
    let evaluation = tried == 0 ? 0 : max(0, epoch - seconds.reduce(0, +)) * Double(selection) / Double(tried)
    let stepsPerEpoch = (examples + options.batchSize - 1) / options.batchSize
    phases.append(
      RunPlan.Phase(
        name: phase, epochs: options.epochs, stepsPerEpoch: stepsPerEpoch, secondsPerStep: step,
        secondsPerEpoch: Double(stepsPerEpoch) * step + evaluation, secondsPerCheckpoint: max(0, total - epoch)))
    observe(.note("\(phase): tried \(seconds.count) steps"))
    return summary
  }

  /// Tries a step on the longest examples, after which the memory is as it is in the course of an epoch: a random batch is hardly ever
  /// as long, and blocks that a long one has left are not used up by shorter ones.
  ///
  /// - Returns: The seconds that the first step takes more than the second one, mainly for the teacher's answers to all examples.
  private func secondsOfFirstStep(_ objective: any Objective, batchSize: Int) throws -> Double {
    let examples = Array(0..<min(batchSize, objective.exampleCount))
    let key = RandomKey(UInt64(seed)).child("plan")
    let seconds = try (0..<2).map { _ in
      let started = ContinuousClock.now
      for store in objective.parameters { store.clearGradients() }
      _ = try objective.accumulateGradients(for: Step(epoch: 0, number: 0, examples: examples, key: key))
      return started.duration(to: .now) / .seconds(1)
    }
    return max(0, seconds[0] - seconds[1])
  }

  func fineTune(
    _ encoder: any Student, on data: TaskData, options: TrainingOptions, phase: String
  ) throws -> TrainingSummary {
    try fit(DistillationObjective.fineTuning(encoder, data, options), options: options, phase: phase)
  }

  func secondsPerAnswer(of encoder: any TextEncoder, to data: EncodedDataset) throws -> Double {
    let started = ContinuousClock.now
    let both: Set<Activation> = [.logits, .embedding]
    _ = try answers(of: encoder, to: data, with: both.filter { encoder.card.activations.contains($0.kind) })
    return started.duration(to: .now) / .seconds(1) / Double(data.count)
  }
}
