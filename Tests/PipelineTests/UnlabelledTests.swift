import DistillBERT
import DistillCore
import DistillCrossEntropy
import DistillPipeline
import DistillTraining
import Foundation
import TestSupport
import Testing

/// Students that see more texts than there are labels.
struct UnlabelledTests {
  private static let changes = [
    (old: "max_length: 16", new: "max_length: 16, hold_out: 0.2, unlabelled: [more.txt, labelled.tsv]")
  ]

  /// 20 plain lines, of which 2 are texts of the validation file, and 12 rows whose labels are ignored.
  private func bench() throws -> Workbench {
    let bench = try Workbench()
    func texts(_ rows: String) -> [Substring] {
      rows.split(separator: "\n").dropFirst().map { $0.prefix { $0 != "\t" } }
    }
    let known = texts(Workbench.intents(24, key: RandomKey(2))).prefix(2)
    let lines = texts(Workbench.intents(18, key: RandomKey(7))) + known
    try bench.write(lines.joined(separator: "\n") + "\n", to: "more.txt")
    try bench.write(Workbench.intents(12, key: RandomKey(8)), to: "labelled.tsv")
    return bench
  }

  @Test func aWholeRun() throws {
    let bench = try bench()
    var notes: [String] = []
    var answered: Set<Int> = []
    func observe(_ event: TrainingEvent) {
      if case .note(let note) = event { notes.append(note) }
      if case .progress("teacher's answers", _, let total) = event { answered.insert(total) }
    }
    let labelledOnly = [(old: "max_length: 16", new: "max_length: 16, hold_out: 0.2")]
    try bench.run(try bench.pipeline(replacing: labelledOnly), into: "few")
    let pipeline = try bench.pipeline(replacing: Self.changes)
    try bench.run(pipeline, into: "tiny", observe: observe)
    // The same teacher serves both, because it is trained on the labelled texts alone.
    #expect(try bench.data("runs/few/teacher/model.safetensors") == bench.data("runs/tiny/teacher/model.safetensors"))
    #expect(notes.contains { $0.contains("prepared before by the same settings") })
    #expect(notes.contains { $0.hasPrefix("2 of the unlabelled texts are also held out or in the validation file") })
    #expect(answered == [48 + 32])
    let steps = try bench.metrics("tiny").filter {
      $0["phase"] as? String == "student" && $0["event"] as? String == "step"
    }
    #expect(steps.count == 3 * (48 + 32) / 8)
    #expect(try bench.student("few") != bench.student("tiny"))

    let finished = try bench.finished("tiny")
    // An evaluation of texts that were learnt from says so, and that of texts whose answers nobody has given does not.
    let known = try finished.evaluate(bench.url.appending(path: "train.tsv"))
    #expect(
      known.remarks?.contains { $0.hasPrefix("60 of the 60 texts are also in the knowledge base, with their labels") }
        == true)
    #expect(try finished.evaluate().remarks?.contains { $0.contains("are also in the knowledge base") } != true)
    // With the teacher's soft labels, unlabelled texts become keys, too.
    let entries = try finished.knowledgeLog().snapshot().entries
    #expect(entries.count == 48 + 32 + 12 && entries.count { $0.source == "unlabelled" && $0.label == nil } == 32)
    #expect(
      finished.record.provenance["texts.unlabelled"]
        != (try bench.finished("few").record.provenance["texts.unlabelled"]))
    // The plan knows of them, too.
    let plan = try RunPlan(pipeline, steps: 2)
    #expect(plan.phases.last?.stepsPerEpoch == 10)
  }

  /// Unless the pipeline says otherwise, labelled texts are known by their labels, also if they are among the others a second time, and the
  /// others by what the teacher says of them.
  @Test func whatIsStoredByDefault() throws {
    let bench = try bench()
    let copies = try bench.rows("train.tsv").prefix(5).map { $0.text + "\n" }.joined()
    try bench.write(String(decoding: bench.data("more.txt"), as: UTF8.self) + copies, to: "more.txt")
    func knowledge(_ labels: String, _ run: String) throws -> KnowledgeBase {
      let changes = Self.changes + [(old: "space: teacher, labels: soft, ", new: "space: student, \(labels)")]
      try bench.run(try bench.pipeline(replacing: changes), into: run)
      return try #require(try bench.finished(run).augmentation).knowledge
    }
    let (all, gold) = (try knowledge("", "all"), try knowledge("labels: gold, ", "gold"))
    #expect(all.embeddings.rows == 48 + 32 + 12 && gold.embeddings.rows == 48 + 12)
    let labelled = Array(0..<48) + Array(80..<92)
    #expect(all.softLabels.gathered(labelled).values == gold.softLabels.values)
    let answers = (48..<80).map { all.softLabels.row($0) }
    #expect(answers.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-5 && $0.max() ?? 1 < 1 })
    #expect(try String(decoding: bench.data("runs/all/pipeline.yaml"), as: UTF8.self).contains("labels: gold-or-soft"))
  }

  /// The gradient of a batch of labelled and unlabelled texts is that of its labelled texts, whole or in pieces.
  @Test(arguments: [nil, 1, 2] as [Int?]) func labelsCountOnlyWhereTheyAre(size: Int?) throws {
    let bench = try bench()
    let pipeline = try bench.pipeline(replacing: Self.changes)
    let (student, teacher) = try pipeline.untrainedModels()
    let texts = try pipeline.options.texts()
    let data = TaskData(
      task: texts.task,
      training: EncodedDataset(texts.training + texts.unlabelled, with: student.tokenizer, maximumLength: 16),
      validation: nil)
    #expect(data.training.targets.count { $0 == nil } == 32)
    func gradient(_ term: any LossTerm, _ examples: [Int]) throws -> (loss: Double, gradient: [Float]) {
      let objective = try DistillationObjective(
        student: student, teacher: teacher, terms: [WeightedTerm(term, weight: 1)], layerMap: [], scheduler: nil,
        data: data,
        microBatchSize: size)
      student.parameters.clearGradients()
      let step = Step(epoch: 0, number: 0, examples: examples, key: RandomKey(5))
      let loss = try objective.accumulateGradients(for: step).loss
      return (loss, student.parameters.parameters.flatMap(\.gradient.values))
    }
    // Dropout depends on the place in the batch, so the labelled texts come first.
    let (labelled, unlabelled) = ([3, 17], [50, 79])
    let mixed = try gradient(HardCrossEntropy(), labelled + unlabelled)
    let alone = try gradient(HardCrossEntropy(), labelled)
    #expect(abs(mixed.loss - alone.loss) < 1e-6 * alone.loss && alone.loss > 0.1)
    #expect(zip(mixed.gradient, alone.gradient).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(alone.gradient.contains { abs($0) > 1e-3 })

    let nothing = try gradient(HardCrossEntropy(), unlabelled)
    #expect(nothing.loss == 0 && nothing.gradient.allSatisfy { $0 == 0 })
    // Soft labels are those of all rows, and λ counts the labelled rows alone.
    let soft = try gradient(SoftCrossEntropy(), labelled + unlabelled)
    let both = try gradient(SoftCrossEntropy(hardWeight: 0.5), labelled + unlabelled)
    for (index, slope) in both.gradient.enumerated() {
      #expect(abs(slope - soft.gradient[index] - 0.5 * mixed.gradient[index]) < 1e-5)
    }
  }

  @Test func fineTuningNeedsLabels() throws {
    let bench = try bench()
    let pipeline = try bench.pipeline(replacing: Self.changes)
    let (student, _) = try pipeline.untrainedModels()
    let texts = try pipeline.options.texts()
    let data = TaskData(
      task: texts.task, training: EncodedDataset(texts.unlabelled, with: student.tokenizer, maximumLength: 16),
      validation: nil)
    #expect(throws: ContractError.self) {
      try TrainingLoop().fineTune(
        student, on: data, options: TrainingOptions(epochs: 1, learningRate: 1e-3), phase: "x")
    }
  }
}
