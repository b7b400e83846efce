import DistillCore
import DistillPipeline
import DistillTraining
import Foundation
import Testing

struct RunTests {
  @Test func aWholeRun() throws {
    let bench = try Workbench()
    let report = try bench.run(try bench.pipeline(), into: "tiny")
    #expect(
      report.rows.map(\.name) == [
        "teacher", "student", "student + knowledge base", "logistic regression, all 3 layers",
        "logistic regression, 1 of 3 layers", "8 nearest neighbours, all 3 layers", "largest class",
      ])
    #expect(report.rows.allSatisfy { $0.scores.map(\.metric) == ["accuracy", "macro-f1"] })
    for file in [
      "pipeline.yaml", "run.json", "teacher/model.safetensors", "teacher/projection-head.safetensors",
      "student/config.json", "student/model.safetensors", "student/vocab.txt", "knowledge-base/manifest.json",
      "knowledge-base/segments/000001-make/keys.safetensors", "metrics.jsonl", "answers.json", "report.json",
      "report.html",
    ] { #expect(bench.exists("runs/tiny/\(file)"), "\(file)") }

    #expect(!bench.exists("runs/tiny/checkpoints"))
    let finished = try bench.finished("tiny")
    #expect(finished.record.isComplete)
    let augmentation = try #require(finished.augmentation)
    #expect(augmentation.knowledge.count == report.knowledgeBaseSize)
    let again = try Compute.$threads.withValue(1) { try finished.evaluate() }
    #expect(again.rows.map(\.scores) == report.rows.prefix(3).map(\.scores))

    // The node of a training text is the teacher's answer to it.
    let texts = try finished.task.read(bench.url.appending(path: "train.tsv")).examples
    let teacher = try #require(try finished.teacher())
    let node = augmentation.knowledge.count / 2
    let example = texts[augmentation.knowledge.rows[node]]
    let data = EncodedDataset([example], with: teacher.tokenizer, maximumLength: 16)
    let answer = try answers(of: teacher, to: data, with: [.embedding, .logits])
    for (a, b) in [
      (augmentation.knowledge.embeddings, try answer[.embedding].l2Normalised()),
      (augmentation.knowledge.softLabels, softmax(try answer[.logits])),
    ] {
      for (x, y) in zip(a.row(node), b.values) { #expect(abs(x - y) < 1e-5) }
    }
  }

  @Test func phasesAreWrittenDownInOrder() throws {
    let bench = try Workbench()
    try bench.run(try bench.pipeline(), into: "tiny")
    let phases = try bench.metrics("tiny").compactMap { $0["phase"] as? String }
    var order: [String] = []
    for phase in phases where order.last != phase { order.append(phase) }
    #expect(order == ["teacher: fine-tuning", "teacher: contrastive head", "student"])
    let terms = try bench.metrics("tiny").last?["terms"] as? [String: Double]
    #expect(terms?.keys.sorted() == ["relational-kl", "soft-cross-entropy"])
  }

  @Test func equalSeedsAndThreadsGiveEqualStudents() throws {
    let (one, two) = (try Workbench(), try Workbench())
    try one.run(try one.pipeline(), into: "tiny")
    try two.run(try two.pipeline(), into: "tiny")
    #expect(try one.student("tiny") == two.student("tiny"))
    #expect(try one.metrics("tiny") == two.metrics("tiny"))
    try two.run(try two.pipeline(set: [("training.seed", "7")]), into: "other")
    #expect(try two.student("other") != two.student("tiny"))
  }

  /// 4 epochs of 8 steps, 1 of 3, 3 of 8.
  @Test(arguments: [
    ("teacher: fine-tuning", 1), ("teacher: fine-tuning", 32), ("teacher: contrastive head", 2), ("student", 1),
    ("student", 8), ("student", 13), ("student", 24),
  ]) func aStoppedRunGoesOnAsIfNothingHadHappened(phase: String, step: Int) throws {
    let (bench, reference) = (try Workbench(), try Workbench())
    try reference.run(try reference.pipeline(), into: "tiny")
    let stop = StopRequest()
    let error = #expect(throws: TrainingError.self) {
      try bench.run(try bench.pipeline(), into: "tiny", stop: stop) {
        if case .step(let record) = $0, record.phase == phase, record.step == step { stop.stop(signal: 15) }
      }
    }
    #expect("\(try #require(error))".contains("after step \(step)"))
    #expect(throws: FormatError.self) { try bench.finished("tiny") }
    #expect {
      try bench.run(try bench.pipeline(), into: "tiny")
    } throws: {
      if case RunError.unfinished = $0 { true } else { false }
    }
    try bench.run(try bench.pipeline(), into: "tiny", resumes: true)
    #expect(try bench.student("tiny") == reference.student("tiny"))
    #expect(try bench.metrics("tiny") == reference.metrics("tiny"))
    let base = "runs/tiny/knowledge-base/segments/000001-make/keys.safetensors"
    #expect(try bench.data(base) == reference.data(base))
  }

  @Test(arguments: ["knowledge base", "teacher: fine-tuning: classifier", "student: classifier"])
  func aRunThatIsStoppedBetweenTrainingsGoesOn(at work: String) throws {
    let (bench, reference) = (try Workbench(), try Workbench())
    let refit = [("teacher.base.refit", "true"), ("student.refit", "true")]
    try reference.run(try reference.pipeline(set: refit), into: "tiny")
    let stop = StopRequest()
    let error = #expect(throws: TrainingError.self) {
      try bench.run(try bench.pipeline(set: refit), into: "tiny", stop: stop) {
        if case .progress(work, _, _) = $0 { stop.stop(signal: 2) }
      }
    }
    #expect("\(try #require(error))".contains(": stopped by signal 2; the state is saved"))
    try bench.run(try bench.pipeline(set: refit), into: "tiny", resumes: true)
    let base = "runs/tiny/knowledge-base/segments/000001-make/keys.safetensors"
    #expect(try bench.data(base) == reference.data(base) && bench.student("tiny") == reference.student("tiny"))
  }

  @Test func microBatchesGiveTheSameStudent() throws {
    let bench = try Workbench()
    func values(_ name: String, _ overrides: [(path: String, value: String)]) throws -> [Float] {
      try bench.run(try bench.pipeline(set: overrides), into: name)
      let reader = try SafetensorsReader(bench.url.appending(path: "runs/\(name)/student/model.safetensors"))
      return try reader.names.sorted().flatMap { try reader.floats(named: $0) }
    }
    // Plain steps: Adam's division would magnify the last bits of gradients that are almost zero.
    let plain = [(path: "training.epsilon", value: "1.0"), (path: "training.learning_rate", value: "0.5")]
    let whole = try values("whole", plain)
    for size in ["3", "1"] {
      let pieces = try values("pieces-\(size)", plain + [(path: "training.micro_batch_size", value: size)])
      #expect(pieces != whole, "another order of sums, unless nothing was cut")
      #expect(zip(whole, pieces).allSatisfy { abs($0 - $1) < 1e-5 })
    }
    #expect(try values("untrained", plain + [(path: "training.learning_rate", value: "1e-9")]) != whole)
  }

  @Test func fineTuningNeedsNoTeacher() throws {
    let bench = try Workbench()
    let plain = """
      version: 1
      name: plain
      task: {use: tsv, train: train.tsv, validation: validation.tsv, label: intent, max_length: 16}
      student: {use: bert, checkpoint: teacher}
      losses: [{use: hard-cross-entropy}]
      training: {epochs: 40, batch_size: 8, learning_rate: 0.005}
      output: runs/plain
      """
    let report = try bench.run(try bench.pipeline(plain), into: "plain")
    #expect(
      report.rows.map(\.name) == [
        "student", "logistic regression, all 3 layers", "8 nearest neighbours, all 3 layers", "largest class",
      ])
    #expect(report.rows[0].scores[0].value > 0.8, "the keywords are easily learnt")
    #expect(!bench.exists("runs/plain/teacher") && !bench.exists("runs/plain/knowledge-base"))
    #expect(try bench.finished("plain").predict([Example(text: "please", line: 1)])[0].retrieved == nil)
  }

  @Test(arguments: ["sts-b", "tsv"]) func aRegressionRuns(use: String) throws {
    let bench = try Workbench()
    let columns = use == "tsv" ? ", text: sentence1, pair: sentence2, score: score" : ""
    let pipeline = try bench.pipeline(replacing: [
      (
        "{use: tsv, train: train.tsv, validation: validation.tsv, label: intent",
        "{use: \(use), train: sts-train.tsv, validation: sts-validation.tsv\(columns)"
      )
    ])
    let report = try bench.run(pipeline, into: "sts")
    #expect(
      report.rows.map(\.name) == [
        "teacher", "student", "student + knowledge base", "ridge regression, all 3 layers",
        "ridge regression, 1 of 3 layers", "8 nearest neighbours, all 3 layers", "mean score",
      ])
    #expect(report.rows.allSatisfy { $0.scores.map(\.metric) == ["pearson", "spearman"] })
    let finished = try bench.finished("sts")
    let answer = try finished.predict([Example(text: "please my the", pair: "order now", line: 1)])[0]
    #expect(answer.label == nil && answer.scores.keys.sorted() == ["score"])
    let (own, retrieved) = (try #require(answer.student["score"]), try #require(answer.retrieved?["score"]))
    #expect(abs(0.5 * own + 0.5 * retrieved - (answer.scores["score"] ?? .nan)) < 1e-5)

    // The errors that are drawn are those of the same answers.
    let errors = try #require(report.findings?.scores)
    #expect(errors.map(\.row) == ["student", "student + knowledge base"])
    let examples = try #require(try pipeline.options.texts().validation)
    let differences = zip(examples, try finished.predict(examples)).map { example, answer in
      guard case .score(let target) = example.target else { return Double.nan }
      return Double(answer.score) - Double(target)
    }
    let mean = differences.reduce(0, +) / Double(differences.count)
    let absolute = differences.reduce(0) { $0 + abs($1) } / Double(differences.count)
    #expect(abs(errors[1].meanError - mean) < 1e-5 && abs(errors[1].meanAbsoluteError - absolute) < 1e-5)
    #expect(errors[1].points.map(\.line) == examples.map(\.line))
    #expect(report.html.contains("Mean absolute error") && report.html.contains("predicted over right scores"))
    #expect(try report.json().contains("mean_absolute_error"))
  }

  /// Held-out examples choose while the knowledge base does not hold them, whether they are added afterwards or not.
  @Test(arguments: ["exact", "hnsw"]) func mixingIsChosenOnHeldOutExamples(with retriever: String) throws {
    let bench = try Workbench()
    let changes = [
      ("max_length: 16", "max_length: 16, hold_out: 0.2"),
      ("neighbours: 4, beta: 0.5", "choose: {neighbours: [1, 3], beta: [0, 0.5, 1], temperature: [0.1]}"),
    ]
    let pipeline = try bench.pipeline(replacing: changes + [("{use: exact}", "{use: \(retriever)}")])
    let texts = try pipeline.options.texts()
    #expect(texts.training.count == 48 && texts.heldOutForEpochs.count == 6 && texts.heldOutForChoices.count == 6)
    let learnt = Set(texts.training.map { "train.tsv:\($0.line)" })
    func check(_ name: String, _ pipeline: Pipeline, _ lines: Set<String>) throws -> FinishedRun {
      let mixing = try #require(try bench.run(pipeline, into: name).mixing)
      #expect([1, 3].contains(mixing.neighbours) && [0, 0.5, 1].contains(mixing.beta))
      let finished = try bench.finished(name)
      #expect(finished.augmentation?.mixing == mixing)
      let knowledge = try #require(finished.augmentation).knowledge
      #expect(try Set(finished.knowledgeLog().snapshot().entries.compactMap(\.source)) == lines)
      for neighbour in try finished.predict(texts.heldOutForChoices).flatMap({ $0.neighbours ?? [] }) {
        let node = try #require(knowledge.rows.firstIndex(of: neighbour.id))
        #expect(try lines.contains(#require(neighbour.source)))
        #expect(Workbench.labels.map { neighbour.scores[$0] ?? 0 } == Array(knowledge.softLabels.row(node)))
      }
      return finished
    }
    let all = try check("tiny", pipeline, Set((2...61).map { "train.tsv:\($0)" }))
    let without = changes + [("{use: exact}", "{use: \(retriever)}, held_out: false")]
    let few = try check("few", try bench.pipeline(replacing: without), learnt)
    #expect(all.record.mixing == few.record.mixing && all.record.unknownBeyond == few.record.unknownBeyond)
    // Even the smallest share holds something to choose on.
    var options = pipeline.options
    options.task.holdOut = 1e-6
    #expect(try options.texts().heldOutForEpochs.count == 1 && options.texts().heldOutForChoices.count == 1)
  }

  @Test func layerwiseTermsTrain() throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(replacing: [
      ("{use: soft-cross-entropy}", "{use: soft-cross-entropy}\n  - {use: hidden-distance}"),
      ("from_teacher_layers: [2]", "from_teacher_layers: [1, 2]"),
    ])
    #expect(pipeline.layerMap == [LayerPair(student: 1, teacher: 2), LayerPair(student: 2, teacher: 3)])
    try bench.run(pipeline, into: "tiny")
    let terms = try bench.metrics("tiny").last?["terms"] as? [String: Double]
    #expect(
      terms?.keys.sorted() == ["hidden-distance.1", "hidden-distance.2", "relational-kl", "soft-cross-entropy"])
  }
}

extension Workbench {
  /// The objects in `metrics.jsonl`, without what the clock says.
  func metrics(_ name: String) throws -> [NSDictionary] {
    try String(decoding: data("runs/\(name)/metrics.jsonl"), as: UTF8.self).split(separator: "\n").map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
      let fields = NSMutableDictionary(dictionary: object as? [String: Any] ?? [:])
      fields.removeObject(forKey: "seconds")
      return fields
    }
  }
}
