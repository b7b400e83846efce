import DistillBERT
import DistillCore
import DistillCrossEntropy
import DistillLayerSchedules
import DistillPipeline
import DistillTraining
import Foundation
import Synchronization
import Testing

struct ScheduleTests {
  /// 6 epochs of 8 steps: two pairs of layers, then the outputs.
  private static let changes = [
    (old: "- {use: relational-kl, weight: 0.5}", new: "- {use: hidden-distance}"),
    (old: "from_teacher_layers: [2]", new: "from_teacher_layers: [1, 2]"),
    (old: "training: {epochs: 3", new: "schedule: {use: progressive}\ntraining: {epochs: 6"),
  ]

  @Test(arguments: ["progressive", "stacked"]) func movesUpAndWritesItDown(_ schedule: String) throws {
    let bench = try Workbench()
    try bench.run(try bench.pipeline(replacing: Self.changes, set: [("schedule.use", schedule)]), into: "tiny")
    let student = try bench.metrics("tiny").filter { $0["phase"] as? String == "student" }
    let moves = student.filter { $0["event"] as? String == "stage" }
    #expect(moves.compactMap { $0["step"] as? Int } == [8, 16])
    #expect(moves.compactMap { $0["stage"] as? String } == ["layer 2", "outputs"])
    #expect(moves.allSatisfy { $0["reason"] as? String == "1 epochs are used up" })

    let epochs = student.filter { $0["event"] as? String == "epoch" }
    let terms = epochs.compactMap { ($0["terms"] as? [String: Double])?.keys.sorted() }
    let second = schedule == "stacked" ? ["hidden-distance.1", "hidden-distance.2"] : ["hidden-distance.2"]
    #expect(terms == [["hidden-distance.1"], second] + Array(repeating: ["soft-cross-entropy"], count: 4))
    // Nothing is scored, and so nothing kept for its score, before the classifier is trained.
    #expect(
      epochs.compactMap { ($0["scores"] as? [String: Double])?.isEmpty } == [true, true, false, false, false, false])
  }

  /// Both methods in one file: layers pile up, then soft labels and relations, and a knowledge base in the end.
  @Test func stackedLayersRelationsAndAKnowledgeBase() throws {
    let bench = try Workbench()
    let report = try bench.run(
      try bench.pipeline(replacing: [
        (
          old: "  - {use: relational-kl", new: "  - {use: attention-kl}\n  - {use: cls-cosine}\n  - {use: relational-kl"
        ),
        (old: "from_teacher_layers: [2]", new: "from_teacher_layers: [1, 2]"),
        (old: "training: {epochs: 3", new: "schedule: {use: stacked, cosine_threshold: 1e-6}\ntraining: {epochs: 4"),
      ]), into: "tiny")
    #expect(report.rows.map(\.name) == ["teacher", "student", "student + knowledge base"])
    let terms = try bench.metrics("tiny").filter {
      $0["phase"] as? String == "student" && $0["event"] as? String == "epoch"
    }
    .compactMap { ($0["terms"] as? [String: Double])?.keys.sorted() }
    let (one, two) = (
      ["attention-kl.1", "cls-cosine.1"], ["attention-kl.1", "attention-kl.2", "cls-cosine.1", "cls-cosine.2"]
    )
    let top = ["relational-kl", "soft-cross-entropy"]
    #expect(terms == [one, two, top, top])
  }

  @Test func theReportSaysHowCloseLayersAre() throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(replacing: [
      (old: "from_teacher_layers: [2]", new: "from_teacher_layers: [1, 2]"),
      (old: "losses:", new: "layer_map: [[2, 3], [1, 1]]\nlosses:"),
    ])
    let report = try bench.run(pipeline, into: "tiny")
    #expect(report.layers.map { [$0.student, $0.teacher] } == [[1, 1], [2, 3]])
    #expect(report.text.contains("matched layers (1 ← 1, 2 ← 3): attention KL 0."))

    // Sequence by sequence, head by head, row by row.
    let finished = try bench.finished("tiny")
    let teacher = try #require(try finished.teacher())
    let examples = try finished.task.read(bench.url.appending(path: "validation.tsv")).examples
    for layers in report.layers {
      var (divergence, distance) = (0.0, 0.0)
      for example in examples {
        let data = EncodedDataset([example], with: teacher.tokenizer, maximumLength: 16)
        func values(_ encoder: any TextEncoder, _ activation: Activation) throws -> [Double] {
          try answers(of: encoder, to: data, with: [activation])[activation].values.map(Double.init)
        }
        let p = try values(teacher, .attention(layer: layers.teacher))
        let q = try values(finished.student, .attention(layer: layers.student))
        let rows = 2 * data.sequences[0].ids.count  // two heads
        divergence += zip(p, q).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) } / Double(rows * examples.count)
        let t = try values(teacher, .classToken(layer: layers.teacher))
        let s = try values(finished.student, .classToken(layer: layers.student))
        func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        distance += (1 - dot(s, t) / (dot(s, s) * dot(t, t)).squareRoot()) / Double(examples.count)
      }
      #expect(abs(try #require(layers.attentionKL) - divergence) < 1e-5 * divergence)
      #expect(abs(try #require(layers.cosine) - distance) < 1e-5)
    }
    #expect(
      try Compute.$threads.withValue(1) { try finished.evaluate() }.layers.map(\.attentionKL)
        == report.layers.map(\.attentionKL))

    // A student of another width and other heads has no such figures; nor has one without a teacher.
    let random = "random: {layers: 1, hidden_size: 8, heads: 4, intermediate_size: 16}"
    let other = try bench.pipeline(replacing: [(old: "from_teacher_layers: [2]", new: random)])
    #expect(try bench.run(other, into: "other").layers.isEmpty)
  }

  @Test func aStageThatBeginsWithinAnEpochHasItsOwnMean() throws {
    let bench = try Workbench()
    let schedule = "{use: stacked, cosine_threshold: 1000, threshold_term: hidden-distance, judged_per: step}"
    let pipeline = try bench.pipeline(replacing: Self.changes + [(old: "{use: progressive}", new: schedule)])
    try bench.run(pipeline, into: "tiny")
    let student = try bench.metrics("tiny").filter { $0["phase"] as? String == "student" }
    func terms(_ line: NSDictionary?) -> [String: Double] { line?["terms"] as? [String: Double] ?? [:] }
    let steps = student.filter { $0["event"] as? String == "step" }
    #expect(terms(steps[0]).keys.sorted() == ["hidden-distance.1"])
    #expect(terms(steps[1]).keys.sorted() == ["hidden-distance.1", "hidden-distance.2"])
    #expect(terms(steps[2]).keys.sorted() == ["soft-cross-entropy"])
    let means = terms(student.first { $0["event"] as? String == "epoch" })
    #expect(means["hidden-distance.2"] == terms(steps[1])["hidden-distance.2"])
  }

  /// In the first stage, between its steps, at its end, in the second, and at the top.
  @Test(arguments: [1, 7, 8, 13, 16, 30]) func aStoppedStageGoesOn(step: Int) throws {
    let (bench, reference) = (try Workbench(), try Workbench())
    try reference.run(try reference.pipeline(replacing: Self.changes), into: "tiny")
    let stop = StopRequest()
    #expect(throws: TrainingError.self) {
      try bench.run(try bench.pipeline(replacing: Self.changes), into: "tiny", stop: stop) {
        if case .step(let record) = $0, record.phase == "student", record.step == step { stop.stop(signal: 15) }
      }
    }
    try bench.run(try bench.pipeline(replacing: Self.changes), into: "tiny", resumes: true)
    #expect(try bench.student("tiny") == reference.student("tiny"))
    #expect(try bench.metrics("tiny") == reference.metrics("tiny"))
  }

  @Test func nothingAboveTheLayerAtHandIsTrained() throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(replacing: Self.changes)
    let (student, teacher) = try pipeline.untrainedModels()
    func values() -> [String: [Float]] {
      Dictionary(uniqueKeysWithValues: student.parameters.parameters.map { ($0.name, $0.value.values) })
    }
    let before = values()
    var stages = Stages()
    stages.epochsPerLayer = 3
    let objective = try DistillationObjective(
      student: student, teacher: teacher,
      terms: [WeightedTerm(HiddenDistance(), weight: 1), WeightedTerm(SoftCrossEntropy(), weight: 1)],
      layerMap: pipeline.layerMap, scheduler: Progressive(stages), data: try pipeline.data(student.tokenizer))
    // Weight decay would move what no gradient reaches.
    var options = TrainingOptions(epochs: 2, learningRate: 1e-3)
    (options.batchSize, options.weightDecay) = (8, 0.5)
    try TrainingLoop().fit(objective, options: options, phase: "student")
    let after = values()
    for (name, old) in before {
      let isBelow = name.contains("embeddings.") || name.contains("layer.0.")
      // The key's bias cancels in the softmax, and tokens and places that do not occur only decay.
      if !isBelow { #expect(after[name] == old, "\(name) was not to be touched") }
      if isBelow, name.hasSuffix("weight") { #expect(after[name] != old, "\(name) was to be trained") }
    }
    #expect(objective.focus == Focus(layerPairs: 0..<1, outputs: false))
  }

  /// A teacher that notes what it is asked for.
  final class Listener: Teacher {
    let teacher: any Teacher
    private let log = Mutex<[Set<Activation>]>([])
    var asked: [Set<Activation>] { log.withLock { $0 } }
    init(_ teacher: any Teacher) { self.teacher = teacher }
    var card: ModelCard { teacher.card }
    var tokenizer: any Tokenizer { teacher.tokenizer }
    func write(to folder: URL) throws {}
    func respond(to batch: TokenBatch, with activations: Set<Activation>) throws -> Response {
      log.withLock { $0.append(activations) }
      return try teacher.respond(to: batch, with: activations)
    }
  }

  /// Attention of a layer, to be read and no more.
  struct AttentionSquares: LossTerm {
    static let name = "attention-squares"
    static let summary = "For these tests."
    mutating func options(_ visit: inout OptionVisitor) {}
    var scope: LossScope { .layer }
    func reads(_: ModelPair, at layers: LayerPair?) throws -> Reads {
      guard let layers else { return Reads() }
      return Reads(teacher: [.attention(layer: layers.teacher)], student: [.attention(layer: layers.student)])
    }
    func loss(_ inputs: LossInputs) throws -> Tensor {
      guard let layers = inputs.layers else { throw ContractError("needs a pair of layers") }
      return meanSquaredError(
        try inputs.student[.attention(layer: layers.student)], try inputs.teacher[.attention(layer: layers.teacher)])
    }
  }

  @Test(arguments: [0, 1 << 20]) func theTeacherIsAskedForWhatCountsAndOnce(bytes: Int) throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(replacing: Self.changes)
    let (student, made) = try pipeline.untrainedModels()
    let teacher = Listener(made)
    let data = try pipeline.data(student.tokenizer)
    var losses: [[Double]] = []
    let objective = try DistillationObjective(
      student: student, teacher: teacher,
      terms: [WeightedTerm(AttentionSquares(), weight: 1), WeightedTerm(SoftCrossEntropy(), weight: 1)],
      layerMap: pipeline.layerMap, scheduler: Progressive(), data: data, teacherMemory: bytes)
    var options = TrainingOptions(epochs: 3, learningRate: 1e-3)
    options.batchSize = 20
    try TrainingLoop {
      if case .step(let record) = $0 { losses.append(record.terms.values.sorted()) }
    }.fit(objective, options: options, phase: "student")

    let layers: [Set<Activation>] = pipeline.layerMap.map { [.attention(layer: $0.teacher)] }
    if bytes == 0 {
      // 3 steps an epoch: attention live, layer by layer; at the top the logits of all examples, once.
      #expect(
        teacher.asked == Array(repeating: layers[0], count: 3) + Array(repeating: layers[1], count: 3) + [[.logits]])
    } else {
      #expect(teacher.asked == [layers[0].union(layers[1]).union([.logits])])
    }
    // Remembered or not, the answers are the same but for the last bits.
    let reference = try pipeline.untrainedModels()
    let live = try DistillationObjective(
      student: reference.student, teacher: made, terms: [WeightedTerm(AttentionSquares(), weight: 1)],
      layerMap: pipeline.layerMap, scheduler: nil, data: data)
    let step = Step(epoch: 0, number: 0, examples: [3, 50, 17], key: RandomKey(5))
    let remembered = try DistillationObjective(
      student: reference.student, teacher: made, terms: [WeightedTerm(AttentionSquares(), weight: 1)],
      layerMap: pipeline.layerMap, scheduler: nil, data: data, teacherMemory: 1 << 20)
    let pair = (try live.accumulateGradients(for: step).loss, try remembered.accumulateGradients(for: step).loss)
    #expect(abs(pair.0 - pair.1) < 1e-6 * abs(pair.0) && pair.0 > 0)
  }

  /// Answers in a file are those in memory, and another training finds them unless teacher or texts are others.
  @Test func answersOutliveTheTraining() throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(replacing: Self.changes)
    let (student, made) = try pipeline.untrainedModels()
    let whole = try pipeline.data(student.tokenizer)
    let folder = bench.url.appending(path: "teacher-answers")
    var notes: [String] = []
    /// The loss of one step, and how often the teacher was asked.
    func train(teacher digest: String?, examples: Int = 60) throws -> (loss: Double, asked: Int) {
      let teacher = Listener(made)
      let data = EncodedDataset(
        sequences: Array(whole.training.sequences.prefix(examples)),
        targets: whole.training.targets.map { Array($0.prefix(examples)) })
      let objective = try DistillationObjective(
        student: student, teacher: teacher,
        terms: [WeightedTerm(AttentionSquares(), weight: 1), WeightedTerm(SoftCrossEntropy(), weight: 1)],
        layerMap: pipeline.layerMap, scheduler: nil,
        data: TaskData(task: whole.task, training: data, validation: nil), teacherMemory: 1 << 20,
        answers: digest.map {
          AnswerFolder(
            own: bench.url.appending(path: UUID().uuidString), shared: folder, teacher: Provenance(["is": $0]))
        }
      ) { if case .note(let note) = $0 { notes.append(note) } }
      let step = Step(epoch: 0, number: 0, examples: [3, 50, 17, 49], key: RandomKey(5))
      return (try objective.accumulateGradients(for: step).loss, teacher.asked.count)
    }
    func files() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".safetensors") }
    }

    let inMemory = try train(teacher: nil)
    let first = try train(teacher: "a")
    let second = try train(teacher: "a")
    #expect(first.loss == inMemory.loss && second.loss == inMemory.loss)
    #expect(inMemory.asked == 1 && first.asked == 1 && second.asked == 0)
    #expect(notes.count == 1)
    #expect(try files().count == 1)
    #expect(try train(teacher: "b").asked == 1, "another teacher")
    #expect(try train(teacher: "a", examples: 59).asked == 1, "other texts")
    if Precision.bfloat16.isAvailable {
      #expect(try Compute.$precision.withValue(.bfloat16) { try train(teacher: "a").asked } == 1, "another precision")
      #expect(try files().count == 4)
    }

    for file in try files() {  // cut short, as by a full disk
      let url = folder.appending(path: file)
      try Data(try Data(contentsOf: url).dropLast(40)).write(to: url)
    }
    notes = []
    let again = try train(teacher: "a")
    #expect(again.loss == inMemory.loss && again.asked == 1)
    #expect(notes.count == 1 && notes[0].contains("is truncated"))
    #expect(try train(teacher: "a").asked == 0)
  }
}

/// Leaves everything as it is.
private struct NoTraining: Trainer {
  private var summary: TrainingSummary { TrainingSummary(epochs: 0, steps: 0, bestEpoch: 0, scores: [], seconds: 0) }
  func fit(_: any Objective, options _: TrainingOptions, phase _: String) -> TrainingSummary { summary }
  func fineTune(_: any Student, on _: TaskData, options _: TrainingOptions, phase _: String) -> TrainingSummary {
    summary
  }
}

extension Pipeline {
  /// A student, and a teacher of which nothing is trained.
  func untrainedModels() throws -> (student: any Student, teacher: any Teacher) {
    let teacher = try #require(options.teacher).makeTeacher(
      in: surroundings, Preparation(trainer: NoTraining()) { try data($0) })
    return (try #require(options.student).makeStudent(in: surroundings, teacher: teacher), teacher)
  }

  func data(_ tokenizer: any Tokenizer) throws -> TaskData {
    let texts = try options.task.texts(seed: options.seed)
    return TaskData(
      task: texts.task, training: EncodedDataset(texts.training, with: tokenizer, maximumLength: 16), validation: nil)
  }
}
