import DistillCore
import DistillTraining
import Foundation

/// What a run will take, foreseen from a few steps of each of its trainings.
package struct RunPlan: Sendable, Codable {
  /// One training.
  package struct Phase: Sendable, Codable {
    package let name: String
    package let epochs: Int
    package let stepsPerEpoch: Int
    /// Median of the steps that were tried.
    package let secondsPerStep: Double
    /// With evaluation and checkpoint.
    package let secondsPerEpoch: Double
    package var seconds: Double { Double(epochs) * secondsPerEpoch }
  }

  package let name: String
  package let teacherParameters: Int?
  package let studentParameters: Int
  /// In their order. Without the teacher's where one was prepared by the same settings before.
  package let phases: [Phase]
  /// Under the names of `run.json`: teacher, student, knowledge_base, evaluation.
  package let seconds: [String: Double]
  /// The teacher's answers that are kept on disk while the student learns, in bytes.
  package let rememberedBytes: Int
  /// Most memory at once, in bytes.
  package let peakMemory: Int

  package var totalSeconds: Double { seconds.values.reduce(0, +) }
}

extension RunPlan {
  /// Tries a few steps of every training on some of the examples. Nothing is kept.
  ///
  /// A schedule is foreseen as if all terms counted at all times; building the index of a knowledge base is left out.
  /// - `output`: folder of the run, beside which prepared teachers lie.
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
    let texts = try options.task.texts(seed: options.seed)
    let scratch = FileManager.default.temporaryDirectory.appending(path: "distill-plan-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: scratch) }
    let trainer = try Calibration(texts: texts, steps: steps, scratch: scratch, seed: options.seed, observe: observe)

    var seconds: [String: Double] = [:]
    var teacher: (any Teacher)?
    if let recipe = options.teacher {
      let teachers = PreparedTeachers(folder: RunFolder(output ?? options.output.url), observe: observe)
      if let prepared = teachers.find(try pipeline.teacherProvenance(recipe, texts)) {
        teacher = try recipe.loadTeacher(from: prepared, in: pipeline.context)
      } else {
        teacher = try recipe.makeTeacher(
          in: pipeline.context,
          Preparation(trainer: trainer) {
            trainer.data($0, options.task.maximumLength, batchSize: options.training.batchSize)
          })
      }
    }
    seconds["teacher"] = trainer.phases.reduce(0) { $0 + $1.seconds }
    guard let recipe = options.student else { throw ContractError("a pipeline without a student") }
    let student = try recipe.makeStudent(in: pipeline.context, teacher: teacher)
    let data = trainer.data(student.tokenizer, options.task.maximumLength, batchSize: options.training.batchSize)
    let objective = try pipeline.objective(student, teacher, data, scheduler: nil, observe: observe)
    try trainer.fit(objective, options: options.training, phase: "student")
    seconds["student"] = (trainer.phases.last?.seconds ?? 0) + trainer.secondsBefore

    let all = EncodedDataset(texts.training, with: student.tokenizer, maximumLength: options.task.maximumLength)
    let perTeacherAnswer = try teacher.map { try trainer.secondsPerAnswer(of: $0, to: data.training) } ?? 0
    let perStudentAnswer = try trainer.secondsPerAnswer(of: student.model(), to: data.training)
    let withBase = options.knowledgeBase == nil ? 0.0 : 1
    seconds["knowledge_base"] = withBase * perTeacherAnswer * Double(all.count)
    // Teacher and student once for their scores, once for their layers; the student once more with its knowledge base.
    seconds["evaluation"] =
      Double(texts.validation?.count ?? 0) * (2 * perTeacherAnswer + (2 + withBase) * perStudentAnswer)

    name = options.name
    teacherParameters = teacher?.card.parameters
    studentParameters = student.card.parameters
    phases = trainer.phases
    self.seconds = seconds
    rememberedBytes = objective.rememberedBytes(of: all)
    peakMemory = Compute.peakMemory
  }

  package func json() throws -> String { String(decoding: try JSONEncoder.pretty.encode(self), as: UTF8.self) }

  /// A table for people, beside what a finished run took.
  package func text(beside record: RunRecord? = nil) -> String {
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
    if teacherParameters != nil, seconds["teacher"] == 0 { lines.append(line("teacher", "is prepared")) }
    for stage in ["teacher", "student", "knowledge_base", "evaluation"] {
      guard let value = seconds[stage], value > 0 else { continue }
      lines.append(line("time: " + stage.replacing("_", with: " "), time(value), record?.seconds[stage].map(time)))
    }
    lines.append(line("time in all", time(totalSeconds), record.map { time($0.seconds.values.reduce(0, +)) }))
    lines.append(line("answers on disk", size(rememberedBytes)))
    lines.append(line("memory, at most", size(peakMemory), record?.peakMemory.map(size)))
    return lines.joined(separator: "\n")
  }
}

/// A trainer that tries a few steps, and tells what all of them would take.
private final class Calibration: Trainer {
  private let texts: TaskTexts
  private let steps: Int
  private let files: TrainingLoop.Files
  private let seed: Int
  private let observe: (TrainingEvent) -> Void
  private(set) var phases: [RunPlan.Phase] = []
  /// What the last training did once before its steps, such as asking the teacher, for all examples.
  private(set) var secondsBefore = 0.0

  init(texts: TaskTexts, steps: Int, scratch: URL, seed: Int, observe: @escaping (TrainingEvent) -> Void) throws {
    (self.texts, self.steps, self.seed, self.observe) = (texts, steps, seed, observe)
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    files = TrainingLoop.Files(
      metrics: try MetricsLog(scratch.appending(path: "metrics.jsonl"), append: false),
      checkpoints: scratch.appending(path: "checkpoints"), resumes: false, provenance: Provenance())
  }

  /// Some examples, drawn by the seed, as all of the task's.
  func data(_ tokenizer: any Tokenizer, _ length: Int, batchSize: Int) -> TaskData {
    func some(_ examples: [Example]) -> EncodedDataset {
      let order = RandomKey(UInt64(seed)).child("plan").permutation(examples.count)
      return EncodedDataset(
        order.prefix(steps * batchSize).map { examples[$0] }, with: tokenizer, maximumLength: length)
    }
    let selection = texts.heldOut.isEmpty ? texts.validation : texts.heldOut
    return TaskData(task: texts.task, training: some(texts.training), validation: selection.map(some))
  }

  @discardableResult
  func fit(_ objective: any Objective, options: TrainingOptions, phase: String) throws -> TrainingSummary {
    var short = options
    short.epochs = 1
    var (seconds, epoch) = ([Double](), 0.0)
    let started = ContinuousClock.now
    let loop = TrainingLoop(files: files, seed: seed) { event in
      if case .step(let record) = event { seconds.append(record.seconds) }
      if case .epoch(let record) = event { epoch = record.seconds }
    }
    let summary = try loop.fit(objective, options: short, phase: phase)
    let total = started.duration(to: .now) / .seconds(1)
    // The first step also warms up, and asks the teacher for all its answers.
    let rest = seconds.count > 1 ? Array(seconds.dropFirst()) : seconds
    let step = rest.sorted()[rest.count / 2]
    let share = Double(texts.training.count) / Double(objective.exampleCount)
    secondsBefore = max(0, (seconds.first ?? 0) - step) * share
    let selection = texts.heldOut.isEmpty ? texts.validation?.count ?? 0 : texts.heldOut.count
    let tried = min(selection, steps * options.batchSize)
    let evaluation = tried == 0 ? 0 : max(0, epoch - seconds.reduce(0, +)) * Double(selection) / Double(tried)
    let stepsPerEpoch = (texts.training.count + options.batchSize - 1) / options.batchSize
    phases.append(
      RunPlan.Phase(
        name: phase, epochs: options.epochs, stepsPerEpoch: stepsPerEpoch, secondsPerStep: step,
        secondsPerEpoch: Double(stepsPerEpoch) * step + evaluation + max(0, total - epoch)))
    observe(.note("\(phase): tried \(seconds.count) steps"))
    return summary
  }

  func fineTune(
    _ encoder: any Student, on data: TaskData, options: TrainingOptions, phase: String
  ) throws -> TrainingSummary {
    try fit(DistillationObjective.fineTuning(encoder, data, options), options: options, phase: phase)
  }

  func secondsPerAnswer(of encoder: any TextEncoder, to data: EncodedDataset) throws -> Double {
    let started = ContinuousClock.now
    _ = try answers(of: encoder, to: data, with: [.logits, .embedding])
    return started.duration(to: .now) / .seconds(1) / Double(data.count)
  }
}
