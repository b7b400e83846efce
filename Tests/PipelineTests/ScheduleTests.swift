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
  static let changes = [
    (old: "- {use: relational-kl, weight: 0.5}", new: "- {use: hidden-distance}"),
    (old: "from_teacher_layers: [2]", new: "from_teacher_layers: [1, 2]"),
    (old: "training: {epochs: 3", new: "schedule: {use: progressive}\ntraining: {epochs: 6"),
  ]

  @Test(arguments: ["progressive", "stacked"]) func movesUpAndWritesItDown(_ schedule: String) throws {
    let bench = try Workbench()
    let overrides = [(path: "schedule.use", value: schedule), (path: "training.keep", value: "best")]
    try bench.run(try bench.pipeline(replacing: Self.changes, set: overrides), into: "tiny")
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

  @Test func embeddingsComeBeforeLogits() throws {
    let bench = try Workbench()
    let changes = [
      (old: "training: {epochs: 3", new: "schedule: {use: embeddings-first, epochs: 2}\ntraining: {epochs: 3")
    ]
    try bench.run(try bench.pipeline(replacing: changes, set: [("training.keep", "best")]), into: "tiny")
    let student = try bench.metrics("tiny").filter { $0["phase"] as? String == "student" }
    let epochs = student.filter { $0["event"] as? String == "epoch" }
    let terms = epochs.compactMap { ($0["terms"] as? [String: Double])?.keys.sorted() }
    #expect(terms == [["relational-kl"], ["relational-kl"], ["relational-kl", "soft-cross-entropy"]])
    #expect(epochs.compactMap { ($0["scores"] as? [String: Double])?.isEmpty } == [true, true, false])
    #expect(student.filter { $0["event"] as? String == "stage" }.compactMap { $0["step"] as? Int } == [16])
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
    #expect(report.rows.prefix(3).map(\.name) == ["teacher", "student", "student + knowledge base"])
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
}

extension Pipeline {
  /// A student, and a teacher of which nothing is trained.
  func untrainedModels() throws -> (student: any Student, teacher: any Teacher) {
    let teacher = try #require(options.teacher).makeTeacher(
      in: context, Preparation(trainer: NoTraining()) { try data($0) })
    return (try #require(options.student).makeStudent(in: context, teacher: teacher, nil), teacher)
  }

  func data(_ tokenizer: any Tokenizer) throws -> TaskData {
    let texts = try options.texts()
    return TaskData(
      task: texts.task, training: EncodedDataset(texts.training, with: tokenizer, maximumLength: 16), validation: nil)
  }
}
