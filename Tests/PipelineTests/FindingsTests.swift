import DistillCore
import Foundation
import TestSupport
import Testing

import DistillPipeline

/// What the page shows beside the rows.
struct FindingsTests {
  /// The same whole numbers as in the Python program whose figures are below.
  private static let probabilities: Matrix = {
    let values = (0..<40).flatMap { i -> [Float] in
      let raw = (0..<4).map { j in Double((i * 31 + j * 17 + i * j * 7) % 23 + 1 + ((i * i + i / 3) % 4 == j ? 60 : 0))
      }
      return raw.map { Float($0 / raw.reduce(0, +)) }
    }
    return Matrix(rows: 40, columns: 4, values: values)
  }()
  private static let targets = (0..<40).map { i in (i * i + i / 3 + (i % 5 == 0 ? 1 + i % 2 : 0)) % 4 }

  /// scikit-learn 1.9: `precision_recall_fscore_support`, `confusion_matrix`, `f1_score(average="macro")`.
  @Test func classesAreThoseOfScikitLearn() throws {
    let breakdown = ClassBreakdown(
      row: "student", names: ["a", "b", "c", "d"], targets: Self.targets.map { [$0] },
      predictions: Self.probabilities.tensor.rowArgmax().map { [$0] })
    func close(_ found: [Double], _ expected: [Double]) {
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 } && found.count == expected.count)
    }
    close(
      breakdown.classes.map(\.precision),
      [0.8571428571428571, 0.8571428571428571, 0.6923076923076923, 0.8333333333333334])
    close(breakdown.classes.map(\.recall), [0.8, 0.8571428571428571, 0.9, 0.625])
    close(breakdown.classes.map(\.f1), [0.8275862068965517, 0.8571428571428571, 0.782608695652174, 0.7142857142857143])
    close([breakdown.macroF1], [0.7954058684943243])
    #expect(breakdown.classes.map(\.support) == [15, 7, 10, 8])
    var matrix = Array(repeating: Array(repeating: 0, count: 4), count: 4)
    for entry in breakdown.confusions { matrix[entry[0]][entry[1]] = entry[2] }
    #expect(matrix == [[12, 0, 2, 1], [1, 6, 0, 0], [1, 0, 9, 0], [0, 1, 2, 5]])
  }

  @Test func classesThatNobodyAnswersOrHasCount() {
    let breakdown = ClassBreakdown(
      row: "student", names: ["a", "b", "c", "d"], targets: [[0], [0], [3]], predictions: [[0], [2], [0]])
    #expect(breakdown.classes.map(\.name) == ["a", "c", "d"])
    #expect(breakdown.classes.map(\.precision) == [0.5, 0, 0] && breakdown.classes.map(\.recall) == [0.5, 0, 0])
    #expect(breakdown.confusions == [[0, 0, 1], [0, 1, 1], [2, 0, 1]])
  }

  /// NumPy, by the definition with 15 bins (low, high], and scikit-learn's `log_loss`.
  @Test func calibrationIsThatOfNumPy() {
    let calibration = ProbabilityCalibration(
      row: "student", probabilities: Self.probabilities, targets: Self.targets, temperature: 2.5)
    #expect(abs(calibration.error - 0.22268641926769367) < 1e-6)
    #expect(abs(calibration.logLoss - 0.7931052238554696) < 1e-6)
    #expect(abs((calibration.errorWithTemperature ?? 0) - 0.387175256154433) < 1e-6)
    #expect(abs((calibration.logLossWithTemperature ?? 0) - 1.0353885426327474) < 1e-6)
    #expect(calibration.bins.reduce(0) { $0 + $1.count } == 40)
  }

  @Test func curvesAreThoseOfTheLog() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "metrics.jsonl")
    var lines: [String] = []
    for step in 1...1_000 {
      lines.append(
        #"{"event":"step","phase":"student","epoch":1,"step":\#(step),"loss":\#(step),"terms":{"a":1,"b":\#(step % 2)},"learning_rate":0.5,"gradient_norm":1,"seconds":1}"#
      )
    }
    lines.append(#"{"event":"stage","phase":"student","epoch":1,"step":500,"stage":"layer 2","reason":"x"}"#)
    lines.append(
      #"{"event":"epoch","phase":"student","epoch":1,"step":1000,"loss":1,"terms":{},"scores":{"accuracy":0.5},"is_best":true,"seconds":1}"#
    )
    lines.append("a line that a killed process has left half wri")
    try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
    let curves = try LearningCurves.read(file)
    let student = try #require(curves.first)
    #expect(curves.count == 1 && student.phase == "student" && student.losses.map(\.name) == ["loss", "a", "b"])
    #expect(student.losses[0].steps == Array(stride(from: 5, through: 1_000, by: 5)))
    #expect(student.losses[0].values.prefix(2) == [3, 8] && student.losses[1].values.allSatisfy { $0 == 1 })
    #expect(student.moves.map(\.step) == [500] && student.scores.map(\.values) == [[0.5]])
  }

  /// The report of a run has everything, of the texts of which none is markup.
  @Test func aRunTellsWhatIsWorthLookingAt() throws {
    let bench = try Workbench()
    let report = try bench.run(try bench.pipeline(set: [("training.epochs", "1")]), into: "tiny")
    let findings = try #require(report.findings)
    #expect(findings.classes.map(\.row) == ["student", "student + knowledge base"])
    #expect(findings.calibration.map(\.row) == findings.classes.map(\.row))
    for breakdown in findings.classes {
      let right = breakdown.confusions.filter { $0[0] == $0[1] }.reduce(0) { $0 + $1[2] }
      let score = try #require(report.rows.first { $0.name == breakdown.row }?.scores[0].value)
      #expect(abs(Double(right) / Double(report.count) - score) < 1e-9)
    }
    #expect(!findings.curves.isEmpty && findings.material?.texts.map(\.name) == ["training", "validation"])
    #expect(findings.map?.points.count == report.knowledgeBaseSize)
    for text in findings.texts {
      let last = try #require(text.answers.last)
      if text.reasons.contains(.error) { #expect(last.label != text.label) }
      if text.reasons.contains(.rescued) { #expect(last.label == text.label) }
    }
    let again = try bench.finished("tiny").evaluate()
    #expect(again.findings?.texts.map(\.line) == findings.texts.map(\.line) && again.findings?.curves.isEmpty == true)
  }

  /// Without a knowledge base, too, held-out texts tell which temperature the student's probabilities need.
  @Test func aTemperatureIsFittedWithoutAKnowledgeBase() throws {
    let bench = try Workbench()
    let held = [("task.hold_out", "0.4"), ("training.epochs", "6")]
    let report = try bench.run(try bench.pipeline(set: held + [("knowledge_base", "null")]), into: "alone")
    let student = try #require(report.findings?.calibration.first)
    #expect(report.findings?.calibration.count == 1 && student.temperature != nil)
    #expect(try bench.finished("alone").evaluate().findings?.calibration.first?.temperature == student.temperature)
    let none = try bench.run(try bench.pipeline(set: [("knowledge_base", "null")]), into: "none")
    #expect(none.findings?.calibration.first?.temperature == nil)
  }

  /// Ten thousand texts in 77 classes, all of them wrong, with markup in names and texts: a page below five megabytes.
  @Test func largePagesStaySmallAndSafe() throws {
    let names = (0..<77).map { "<script>alert(\($0))</script>" }
    let targets = (0..<10_000).map { $0 % 77 }
    let probabilities = Matrix(
      rows: 10_000, columns: 77,
      values: targets.indices.flatMap { text in
        (0..<77).map { ($0 * 31 + text * 17) % 101 == 0 || $0 == (text * 7 + 1) % 77 ? 0.4 : Float(0.6 / 76) }
      })
    let answers = probabilities.tensor.rowArgmax()
    let text = String(repeating: "<img src=x onerror=alert(1)> & \"words\" ", count: 10)
    let choice = TextChoice(
      examples: targets.enumerated().map { Example(text: text, pair: text, target: .label($1), line: $0) },
      task: .classification(labels: names), targets: targets.map(Target.label),
      teacher: ("teacher", probabilities, answers.map(Target.label)),
      student: ("student", probabilities, answers.map(Target.label)), shipped: nil,
      found: targets.map { _ in [Neighbour(row: 0, similarity: 1)] }
    ) { _ in (text, text, names[0]) }
    let report = Report(
      name: names[0], count: 10_000,
      findings: Findings(
        classes: [
          ClassBreakdown(row: "student", names: names, targets: targets.map { [$0] }, predictions: answers.map { [$0] })
        ],
        calibration: [ProbabilityCalibration(row: "student", probabilities: probabilities, targets: targets)],
        texts: choice.texts()))
    let page = report.html
    #expect(page.utf8.count < 5_000_000 && report.findings?.texts.count == TextChoice.most)
    #expect(page.components(separatedBy: "<script>").count == 2 && !page.contains("<img"))
  }
}
