import DistillCore
import DistillPipeline
import DistillSupervisedContrastiveHead
import DistillTraining
import Foundation
import Testing

/// A run whose texts can have several labels, from teacher to knowledge base.
@Suite struct MultilabelTests {
  /// Every second text is joined with the next one and has both intents; every seventh keeps none of its labels.
  private func joined(_ table: String) -> String {
    let rows = table.split(separator: "\n").dropFirst().map { $0.split(separator: "\t").map(String.init) }
    let lines = rows.indices.map { index -> String in
      let (row, next) = (rows[index], rows[(index + 1) % rows.count])
      if index % 7 == 0 { return "please may the so\t" }
      return index % 2 == 0 ? "\(row[0]) \(next[0])\t\(row[1])|\(next[1])" : row.joined(separator: "\t")
    }
    return (["text\tintents"] + lines).joined(separator: "\n") + "\n"
  }

  private func bench(_ options: String = "") throws -> (Workbench, Pipeline) {
    let bench = try Workbench()
    try bench.write(joined(Workbench.intents(60, key: RandomKey(1))), to: "train.tsv")
    try bench.write(joined(Workbench.intents(40, key: RandomKey(2))), to: "validation.tsv")
    return (
      bench,
      try bench.pipeline(replacing: [
        ("label: intent, max_length: 16", "label: intents, multilabel: true, max_length: 16, hold_out: 0.3"),
        ("space: teacher, labels: soft, ", options),
        ("neighbours: 4, beta: 0.5, temperature: 0.1", "choose: {neighbours: [1, 4], beta: [0.5], temperature: [0.1]}"),
      ])
    )
  }

  /// Held-out texts choose thresholds while the knowledge base does not hold them.
  @Test func noTextFindsItselfWhenItChoosesAThreshold() throws {
    let runs = try ["", "held_out: false, "].map { options in
      let (bench, pipeline) = try bench(options)
      try bench.run(pipeline, into: "tiny")
      let run = try bench.finished("tiny")
      return (entries: try run.knowledgeLog().snapshot().entries.count, thresholds: run.record.thresholds)
    }
    #expect(runs.map(\.entries) == [60, 42])
    #expect(runs[0].thresholds?.count == 3 && runs[0].thresholds == runs[1].thresholds)
  }

  @Test func allPartsKnowSeveralLabels() throws {
    let (bench, pipeline) = try bench()
    let report = try bench.run(pipeline, into: "tiny")
    #expect(
      report.rows.map(\.name) == [
        "teacher", "student", "student + knowledge base", "logistic regression, all 3 layers",
        "logistic regression, 1 of 3 layers", "8 nearest neighbours, all 3 layers", "labels of most texts",
      ])
    #expect(report.rows.allSatisfy { $0.scores.map(\.metric) == ["micro-f1", "macro-f1"] })
    // Twelve of the tiny vocabulary's words tell the labels, so that the teacher learns them.
    #expect(try #require(report.rows.first?.scores.first).value > 0.6)
    let thresholds = report.rows.dropLast().map(\.threshold)
    #expect(thresholds.allSatisfy { $0.map { $0 > 0 && $0 < 1 } ?? false } && report.rows.last?.threshold == nil)
    let classes = try #require(report.findings?.classes.first)
    #expect(classes.confusions.isEmpty && classes.classes.map(\.name) == Workbench.labels)
    #expect(report.html.contains("given to others") && !report.html.contains("confusion matrix"))
    #expect(report.text.contains("a label is given from this probability on:"))

    let finished = try bench.finished("tiny")
    let again = try finished.evaluate()
    #expect(again.rows.map(\.threshold) == Array(thresholds.prefix(3)))
    #expect(again.rows.map(\.scores) == Array(report.rows.prefix(3)).map(\.scores))
    let texts = try #require(try pipeline.options.texts().validation)
    let answers = try finished.predict(texts)
    let predicted = answers.map { Target.labels(($0.labels ?? []).compactMap(Workbench.labels.firstIndex)) }
    let shipped = report.rows[2].scores[0].value
    #expect(Metric.microF1.value(predictions: predicted, targets: texts.compactMap(\.target)) == shipped)
    #expect(answers.contains { $0.neighbours?.first?.label?.contains("|") == true })
  }

  /// After a temperature, and those of a readout, probabilities add up to 1, which those of several labels do not.
  @Test(arguments: [
    ("labels: soft, neighbours: 4, student_temperature: 2", "the probabilities of tasks in which a text has one label"),
    ("space: student, readout: always, labels: soft, neighbours: 4", "is fitted to texts of one label each"),
  ]) func whatNeedsOneLabelIsRefused(_ options: String, _ message: String) throws {
    let (bench, _) = try bench()
    let error = #expect(throws: Diagnostics.self) {
      try bench.pipeline(replacing: [
        ("label: intent, max_length: 16", "label: intents, multilabel: true, max_length: 16"),
        ("space: teacher, labels: soft, neighbours: 4", options),
      ])
    }
    let problems = try #require(error as Diagnostics?).list.map(\.message)
    #expect(problems.count == 1 && problems[0].contains(message))
  }

  @Test func whatIsTaughtLaterIsFound() throws {
    let (bench, pipeline) = try bench()
    _ = try bench.run(pipeline, into: "tiny")
    try bench.write("text\tintents\nhelp coffee tea\thot drinks|track\n", to: "more.tsv")
    let taught = try bench.finished("tiny").teach(bench.url.appending(path: "more.tsv"))
    #expect(taught.newLabels == ["hot drinks"])
    let answer = try bench.finished("tiny").predict([Example(text: "help coffee tea", line: 1)])[0]
    let nearest = try #require(answer.neighbours?.first)
    #expect(nearest.label == "track|hot drinks")
    #expect(answer.scores["hot drinks"] ?? 0 > 0.2)
  }

  /// The formula pair by pair, where the positives of an example are those that share a label with it.
  @Test func positivesShareALabel() throws {
    let z = Tensor(normal: [5, 3], standardDeviation: 1, key: RandomKey(4)).l2Normalised()
    let classes: [Set<Int>] = [[0, 1], [1], [2], [0], []]
    let values = Matrix(z)
    func similarity(_ i: Int, _ j: Int) -> Double {
      zip(values.row(i), values.row(j)).reduce(0) { $0 + Double($1.0) * Double($1.1) } / 0.1
    }
    var losses: [Double] = []
    for i in 0..<5 {
      let positives = (0..<5).filter { $0 != i && !classes[i].isDisjoint(with: classes[$0]) }
      if positives.isEmpty { continue }
      let total = log((0..<5).filter { $0 != i }.reduce(0) { $0 + exp(similarity(i, $1)) })
      losses.append(-positives.reduce(0) { $0 + similarity(i, $1) - total } / Double(positives.count))
    }
    let expected = losses.reduce(0, +) / Double(losses.count)
    let found = try #require(supervisedContrastiveLoss(z, classes: classes, temperature: 0.1)).scalar
    #expect(losses.count == 3 && abs(Double(found) - expected) < 1e-4)
  }
}
