import DistillCore
import DistillPipeline
import DistillTraining
import Foundation
import Testing

struct ComparisonTests {
  /// Runs in memory: what they answered, and nothing that was trained.
  private func run(
    _ name: String, seed: Int, _ rows: [(String, [Double])], targets: [Double], metrics: [String] = ["accuracy"],
    settings: [String: String] = [:]
  ) throws -> ComparedRun {
    let folder = try bench.make("\(name)-\(seed)")
    var record = RunRecord(
      name: name,
      provenance: Provenance(
        settings.merging(["options.training.seed": "\(seed)", "texts.training": "\(seed)"]) { $1 }),
      seed: seed, threads: 1, layerMap: [])
    record.isComplete = true
    try record.write(to: RunFolder(folder).record)
    try AtomicFile.write(Data(Report(name: name).json().utf8), to: RunFolder(folder).report)
    let answers: [String: Any] = [
      "metrics": metrics, "is_regression": metrics[0] == "pearson", "targets": targets,
      "rows": rows.map { ["name": $0.0, "predictions": $0.1] },
    ]
    try JSONSerialization.data(withJSONObject: answers).write(to: RunFolder(folder).answers)
    return try ComparedRun(folder)
  }

  private let bench = Bench()
  private final class Bench {
    let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    func make(_ name: String) throws -> URL {
      try FileManager.default.createDirectory(at: url.appending(path: name), withIntermediateDirectories: true)
      return url.appending(path: name)
    }
    deinit { try? FileManager.default.removeItem(at: url) }
  }

  private let targets = (0..<40).map { Double($0 % 2) }
  /// The targets, of which those at some places are wrong.
  private func wrong(_ places: [Int]) -> [Double] {
    targets.indices.map { places.contains($0) ? 1 - targets[$0] : targets[$0] }
  }

  @Test func seedsOfOneSettingAreAGroup() throws {
    let runs = try [
      run("a", seed: 2, [("teacher", targets), ("student", wrong([1, 2]))], targets: targets),
      run("a", seed: 1, [("teacher", targets), ("student", wrong([1, 2, 3, 4]))], targets: targets),
      run("b", seed: 1, [("teacher", targets), ("student", wrong([]))], targets: targets),
      run("b", seed: 2, [("teacher", targets), ("student", wrong([7]))], targets: targets),
    ]
    let comparison = try Comparison(runs, against: "a")
    #expect(comparison.rows.map(\.name) == ["teacher", "a", "b"])  // the teacher answers alike in both groups
    let (a, b) = (comparison.rows[1], comparison.rows[2])
    #expect(a.seeds == [1, 2] && abs(a.scores[0].mean - 0.925) < 1e-12 && a.difference == nil)
    #expect(abs((a.scores[0].deviation ?? 0) - 0.05 / 2.0.squareRoot()) < 1e-12)
    let difference = try #require(b.difference)
    #expect(abs(difference.mean - 0.0625) < 1e-12)
    // Text by text, seeds 1 and 2 together: +2, +2, +1, +1, −1.
    #expect(abs(difference.p - exactSignFlipTest([2, 2, 1, 1, -1])) < 1e-12)
    #expect(difference.correctedP == holmCorrected([exactSignFlipTest([2, 2, 1, 1]), difference.p])[1])
    #expect(difference.interval.low <= difference.mean && difference.mean <= difference.interval.high)
  }

  /// With one seed a readout answers, with the other the student, so that neither has a row of its own.
  @Test func whateverAnswersHasARow() throws {
    let shared = [("student", wrong([1, 2])), ("student + knowledge base", wrong([1]))]
    let readout = [("readout", wrong([])), ("readout + knowledge base", wrong([5, 6, 7]))]
    let all = { try self.run("b", seed: $0, shared + readout, targets: self.targets) }
    let mixed = try Comparison([
      run("a", seed: 1, shared, targets: targets), run("a", seed: 2, shared + readout, targets: targets),
    ])
    #expect(mixed.rows.map(\.name) == ["student", "student + knowledge base", "whatever answers"])
    #expect(abs(mixed.rows[2].scores[0].mean - (39 + 37) / 80) < 1e-12)
    let two = try Comparison([run("a", seed: 1, shared, targets: targets), all(1)])
    #expect(
      two.rows.map(\.name) == [
        "a", "a + knowledge base", "b", "b + knowledge base", "b, readout",
        "b, readout + knowledge base",
      ])
  }

  @Test func settingsThatDifferAreNamed() throws {
    let runs = try ["1e-4", "2e-4"].map {
      try run(
        "a", seed: $0 == "1e-4" ? 1 : 2, [("student", targets)], targets: targets,
        settings: ["options.training.learning_rate": $0])
    }
    #expect(
      try Comparison(runs).rows.map(\.name) == ["a (training.learning_rate=1e-4)", "a (training.learning_rate=2e-4)"])
  }

  @Test func whatCannotBeComparedIsRefused() throws {
    let one = try run("a", seed: 1, [("student", targets)], targets: targets)
    let other = try run("b", seed: 1, [("student", wrong([1]))], targets: wrong([1]))
    func message(_ runs: [ComparedRun], against: String? = nil) -> String {
      do {
        _ = try Comparison(runs, against: against)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message([one, other]).contains("different texts"))
    #expect(message([one, one]).contains("the same run twice"))
    #expect(message([one], against: "studemt").contains("did you mean `student`"))
    try FileManager.default.removeItem(at: RunFolder(one.folder).answers)
    #expect(throws: FormatError.self) { try ComparedRun(one.folder) }
    try Data("{}".utf8).write(to: RunFolder(one.folder).answers)
    #expect(throws: FormatError.self) { try ComparedRun(one.folder) }
  }

  /// Scores are compared by exchanging answers, as are all metrics that are no mean over texts.
  @Test func aRegressionIsTestedByExchange() throws {
    let targets = (0..<60).map { Double($0) / 10 }
    let good = targets.enumerated().map { $0.element + ($0.offset % 2 == 0 ? 0.1 : -0.1) }
    let poor = targets.enumerated().map { $0.element + ($0.offset % 3 == 0 ? 4.0 : -1.0) }
    let runs = try [
      run("good", seed: 1, [("student", good)], targets: targets, metrics: ["pearson"]),
      run("poor", seed: 1, [("student", poor)], targets: targets, metrics: ["pearson"]),
      run("same", seed: 1, [("student", good.map { 2 * $0 })], targets: targets, metrics: ["pearson"]),
    ]
    let rows = try Comparison(runs, against: "good").rows
    #expect(try #require(rows[1].difference).p < 0.002 && #require(rows[1].difference).mean < -0.1)
    #expect(try #require(rows[2].difference).p > 0.2)
  }

  @Test func everyFormatHasEveryRow() throws {
    let runs = try [
      run("one & only_", seed: 1, [("teacher", targets), ("student", wrong([1]))], targets: targets),
      run("a, \"b\" | c", seed: 1, [("student", wrong([1, 2]))], targets: targets),
    ]
    let comparison = try Comparison(runs)
    func lines(_ format: Comparison.Format) throws -> [Substring] { try comparison.text(format).split(separator: "\n") }
    #expect(try lines(.text)[2].hasPrefix("teacher"))
    #expect(try lines(.markdown).contains { $0.hasPrefix("| a, \"b\" \\| c |") })
    #expect(try lines(.latex).contains { $0.hasPrefix("one \\& only\\_ & 1 &") })
    #expect(try comparison.text(.html).contains("<tr><td>a, &quot;b&quot; | c</td>"))
    #expect(try lines(.csv).contains { $0.hasPrefix("\"a, \"\"b\"\" | c\",1,0.95,") })
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    #expect(try decoder.decode(Comparison.self, from: Data(comparison.text(.json).utf8)).rows.count == 3)
  }
}
