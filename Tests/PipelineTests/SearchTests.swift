import DistillCore
import DistillPipeline
import DistillTraining
import Foundation
import Testing

struct SearchTests {
  private let bench: Workbench

  init() throws { bench = try Workbench() }

  private func plan(
    _ values: String, more: String = "", overrides: [String] = ["task.hold_out=0.3"]
  ) throws -> SearchPlan {
    try bench.write(
      "version: 1\npipeline: pipeline.yaml\noutput: runs/search\nvalues:\n\(values)\n\(more)", to: "search.yaml")
    return try SearchPlan(bench.path("search.yaml"), overrides: overrides, registry: try registry())
  }

  private func mistakes(_ values: String, more: String = "", overrides: [String] = ["task.hold_out=0.3"]) -> [String] {
    do {
      let plan = try plan(values, more: more, overrides: overrides)
      _ = try plan.rungs()
      return []
    } catch {
      return (error as? Diagnostics)?.list.map {
        "\($0.range.line):\($0.range.column) \($0.message) | \($0.hint ?? "")"
      }
        ?? ["\(error)"]
    }
  }

  @Test func mistakesAreShownInTheSearchFile() throws {
    for (values, expected) in [
      ("  training.learning_rat: [1]", "5:12 unknown key `learning_rat` | did you mean `learning_rate`"),
      ("  training.epochs: [1, 2.5]", "5:24 expected a whole number, found the number 2.5"),
      ("  training.epochs: {from: 0, to: 4}", "5:27 must be between 1 and 1000000, found 0"),
      ("  losses[7].weight: [1]", "5:9 the list has 2 items, counted from 0"),
      ("  training.epochs: 3", "5:20 `training.epochs` has neither a list nor a range of values"),
      ("  training.epochs: []", "5:20 has no value to try"),
      ("  training.epochs: {from: 3, too: 4}", "5:30 unknown key `too` | did you mean `to`?"),
      ("  training.epochs: {from: 3, to: 2}", "5:34 must be greater than `from`"),
      ("  training.warmup: {from: 0.0, to: 0.1, scale: log}", "5:27 must be greater than 0 on a scale of logarithms"),
      ("  training.seed: [1, 2]", "5:3 `training.seed` cannot be searched: it decides which texts are held out"),
      ("  task.hold_out: [0.1]", "5:3 `task.hold_out` cannot be searched: all trials have to answer the same texts"),
      ("  knowledge_base.beta: [0.1]", "5:3 `knowledge_base.beta` cannot be searched: trials have no knowledge base"),
    ] {
      let found = mistakes(values)
      #expect(found.contains { $0.hasPrefix(expected) }, "\(values): \(found)")
    }
    #expect(mistakes("  training.epochs: [1]", overrides: [])[0].contains("2:11 this pipeline holds no texts out"))
    #expect(mistakes("  training.epochs: [1]", overrides: [])[0].contains("write `hold_out: 0.1` in its `task`"))
    #expect(mistakes("  training.epochs: [1]", more: "minute: 3")[0].contains("did you mean `minutes`?"))
    #expect(mistakes("  training.epochs: [1]", more: "rungs: 3")[0].contains("write at most 2"))
    #expect(mistakes("  training.epochs: [1, 6]\n  student.from_teacher_layers: [[1], [2]]").isEmpty)
  }

  @Test func listsAreTriedInFullAndNotAsWritten() throws {
    let plan = try plan("  training.epochs: [2, 3, 4]\n  losses[1].weight: [0.5, 2]")
    let trials = plan.trials(27)
    // Three epochs and 0.5 are what the pipeline has.
    #expect(trials.count == 5 && Set(trials.map(\.settings)).count == 5)
    #expect(!trials.map(\.settings).contains(["training.epochs=3", "losses[1].weight=0.5"]))
    #expect(plan.trials(2) == Array(trials.prefix(2)))
    #expect(trials.map(\.number) == Array(1...5))
  }

  @Test func rangesAreFilledEvenly() throws {
    let plan = try plan(
      """
        training.learning_rate: {from: 1e-4, to: 1e-2}
        training.epochs: {from: 2, to: 5}
        training.warmup: {from: 0.0, to: 0.5}
        training.schedule: [linear, cosine]
      """)
    let trials = plan.trials(64)
    #expect(trials.count == 64 && plan.trials(8) == Array(trials.prefix(8)))
    func numbers(_ place: Int) -> [Double] { trials.compactMap { Double($0.values[place].value.flow) } }
    let (rates, epochs, warmups) = (numbers(0), numbers(1), numbers(2))
    #expect(rates.allSatisfy { 1e-4...1e-2 ~= $0 } && warmups.allSatisfy { 0...0.5 ~= $0 })
    // A scale of logarithms: half of them lie below the geometric mean. Random numbers would be off by 4 in 64 as a rule.
    #expect(abs(rates.count { $0 < 1e-3 } - 32) <= 3, "\(rates)")
    #expect(abs(warmups.count { $0 < 0.25 } - 32) <= 3)
    for value in 2...5 { #expect(abs(epochs.count { $0 == Double(value) } - 16) <= 3, "\(epochs)") }
    #expect(abs(trials.count { $0.values[3].value.flow == "linear" } - 32) <= 3)
    #expect(trials.allSatisfy { $0.values[0].value.flow.count <= 8 })
  }

  @Test func aTrialIsRankedOnTextsThatHaveChosenNothing() throws {
    let overrides = ["task.hold_out=0.3", "training.keep=best", "knowledge_base.choose={}"]
    let plan = try plan("  training.learning_rate: [0.01]", overrides: overrides)
    let run = try plan.run(plan.trials(1)[0], share: 1.0 / 3)
    #expect(run.name == "trial-1-epochs-1" && run.state == .new)
    let pairs = run.overrides.map { text in
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      return (path: parts[0], value: parts[1])
    }
    let pipeline = try Pipeline(file: run.file, overrides: pairs, registry: try registry())
    #expect(pipeline.options.knowledgeBase == nil && pipeline.options.task.validation == nil)
    try bench.run(pipeline, into: "search/trial-1-epochs-1")

    let result = try TrialResult(.asWritten, share: 1, of: run)
    let texts = try pipeline.options.texts()
    #expect(texts.heldOutForEpochs.count == 9 && texts.heldOutForChoices.count == 9)
    let targets = texts.heldOutForChoices.compactMap { example -> Int? in
      if case .label(let label) = example.target { label } else { nil }
    }
    #expect(result.answers?.targets == targets.map(Double.init))
    // The student's own answers, softened by a temperature.
    let student = try bench.finished("search/trial-1-epochs-1").student
    let data = EncodedDataset(texts.heldOutForChoices, with: student.tokenizer, maximumLength: 16)
    let logits = Matrix(try answers(of: student, to: data, with: [.logits])[.logits])
    func loss(_ temperature: Double) -> Double {
      var sum = 0.0
      for (row, target) in targets.enumerated() {
        let scaled: [Double] = logits.row(row).map { Double($0) / temperature }
        let total: Double = scaled.map { exp($0) }.reduce(0, +)
        sum += log(total) - scaled[target]
      }
      return sum / Double(targets.count)
    }
    let least = (-8...24).map { loss(exp2(Double($0) / 8)) }.min() ?? 0
    #expect(abs(try #require(result.loss) - least) < 1e-4)
    let predicted = logits.tensor.rowArgmax()
    let right = targets.indices.count { predicted[$0] == targets[$0] }
    #expect(abs(try #require(result.score) - Double(right) / 9) < 1e-9)

    #expect(run.isFinished && 0 < run.secondsOfEpochs && run.secondsOfEpochs < run.seconds["student"] ?? 0)
    #expect(try plan.run(plan.trials(1)[0], share: 1.0 / 3).state == .finished)
    try run.removeModels()
    #expect(run.isFinished && !bench.exists("runs/search/trial-1-epochs-1/student"))
  }

  @Test func theBestPipelineIsThatOfTheTrial() throws {
    try bench.write(
      "extends: pipeline.yaml\ntask: {use: tsv, train: train.tsv, label: intent, max_length: 16, hold_out: 0.3}\n",
      to: "held.yaml")
    try bench.write(
      "version: 1\npipeline: held.yaml\noutput: runs/search\nvalues: {training.warmup: [0.3], teacher.fit.epochs: [2]}\n",
      to: "search.yaml")
    let plan = try SearchPlan(
      bench.path("search.yaml"), overrides: ["training.clip_norm=2"], registry: try registry())
    #expect(plan.changesTeacher)
    let text = try plan.pipelineFile(plan.trials(1)[0], remark: "a remark")
    #expect(text.hasPrefix("# a remark\nextends: ") && text.hasSuffix("output: best\n"))
    // What the file leaves to defaults or to the file that it extends is not written.
    #expect(!text.contains("beta1") && !text.contains("losses") && !text.contains("task"))
    try FileManager.default.createDirectory(atPath: bench.path("runs/search"), withIntermediateDirectories: true)
    try bench.write(text, to: "runs/search/best.yaml")
    let best = try Pipeline(file: bench.path("runs/search/best.yaml"), registry: try registry()).options
    let trial = try Pipeline(
      file: bench.path("held.yaml"),
      overrides: [
        ("training.warmup", "0.3"), ("teacher.fit.epochs", "2"), ("training.clip_norm", "2"),
        ("output", bench.path("runs/search/best")),
      ], registry: try registry()
    ).options
    #expect(best.resolvedYAML() == trial.resolvedYAML())
  }

  /// The result of a trial whose loss is `loss` on each text, more by 0.1 on every other one.
  private func result(_ number: Int, share: Double = 1, _ loss: Double?, texts: Int = 20) throws -> TrialResult {
    let json: [String: Any] = [
      "metrics": ["accuracy"], "isRegression": false, "targets": [Int](repeating: 1, count: texts),
      "rows": [["name": "student", "predictions": (0..<texts).map { $0 == 0 ? 0 : 1 }]],
      "losses": (0..<texts).map { (loss ?? 0) + ($0 % 2 == 0 ? 0.1 : 0) },
    ]
    let answers = try JSONDecoder().decode(RecordedAnswers.self, from: JSONSerialization.data(withJSONObject: json))
    let trial =
      number == 0
      ? Trial.asWritten
      : Trial(number: number, values: [YAMLValue.Entry("training.learning_rate", .number("1.0e-\(number)"))])
    return TrialResult(trial, share: share, epochs: 6, seconds: 2, answers: loss == nil ? nil : answers)
  }

  @Test func onlyWholeTrainingsAreCompared() throws {
    let results = try [
      result(0, 0.5), result(1, share: 1.0 / 3, 0.1), result(2, share: 1.0 / 3, 0.3), result(3, share: 1.0 / 3, nil),
      result(2, 0.4), result(1, 0.45),
    ]
    let outcome = try SearchOutcome(results)
    #expect(outcome.best.trial.number == 2 && outcome.tried == 3 && outcome.count == 20)
    #expect(outcome.results.map(\.trial.number) == [2, 1, 0, 1, 2, 3])
    #expect(outcome.rivals.map(\.trial) == ["as written", "trial 1"])
    // The loss is smaller by the same on every text: of all signs, only two are as extreme.
    let written = outcome.rivals[0]
    #expect(abs(written.loss.mean + 0.1) < 1e-9 && written.loss.p < 0.001 && written.isToldApart)
    #expect(abs(written.correctedP - 3 * written.loss.p) < 1e-12)

    let text = try outcome.text(.text)
    #expect(text.contains("trial 3") && text.contains("failed") && text.contains("more than chance"))
    let csv = try outcome.text(.csv).split(separator: "\n")
    #expect(csv.count == 7 && csv[0] == "trial,training.learning_rate,share,epochs,loss,accuracy,seconds")
    let json = try JSONSerialization.jsonObject(with: Data(outcome.text(.json).utf8)) as? [String: Any]
    #expect(json?["best"] as? Int == 2 && (json?["trainings"] as? [Any])?.count == 6)
  }

  @Test func equalsCannotBeToldApart() throws {
    let outcome = try SearchOutcome([result(0, 0.5), result(1, 0.5), result(2, 0.6)])
    #expect(outcome.best.trial == .asWritten && outcome.rivals.map(\.trial) == ["trial 1"])
    #expect(outcome.rivals[0].loss.p == 1 && !outcome.rivals[0].isToldApart)
    #expect(try outcome.text(.text).contains("these cannot be told apart"))
    let short = try SearchOutcome([result(0, 0.5), result(1, share: 1.0 / 3, 0.1)])
    #expect(short.rivals.isEmpty && short.best.trial == .asWritten)
    #expect(try short.text(.text).contains("no trial was trained for all of its epochs"))
    #expect(throws: ContractError.self) { try SearchOutcome([result(0, nil), result(1, 0.5)]) }
    #expect(throws: ContractError.self) { try SearchOutcome([result(0, 0.5), result(1, 0.4, texts: 21)]) }
  }
}
