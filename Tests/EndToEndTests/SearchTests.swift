import Foundation
import Testing

/// A search as a user runs it.
@Suite(.serialized) struct SearchTests {
  private func bench(_ more: String = "minutes: 10\n") throws -> Workbench {
    let bench = try Workbench()
    try bench.write(
      try String(decoding: bench.data("pipeline.yaml"), as: UTF8.self).replacing(
        "max_length: 16", with: "max_length: 16, hold_out: 0.4"), to: "pipeline.yaml")
    try bench.write(
      """
      version: 1
      pipeline: pipeline.yaml
      rungs: 2
      values:
        training.learning_rate: [1.0e-6, 2.0e-3, 1.0e+30]
      output: runs/search
      \(more)
      """, to: "search.yaml")
    return bench
  }

  @Test func aFailingTrialDoesNotEndTheOthers() throws {
    let bench = try bench()
    // Any other rate is better than this one.
    let rate = ["--set", "training.learning_rate=1.0", "--set", "training.epochs=10"]
    let first = try bench.distill(["search", "search.yaml", "--format", "csv"] + rate)
    #expect(first.status == 0, "\(first.errors)")
    let rows = first.lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    #expect(rows[0] == ["trial", "training.learning_rate", "share", "epochs", "loss", "accuracy", "seconds"])
    // The best and the pipeline as written in full, and three trials for a third of the epochs, of which one failed.
    #expect(rows.dropFirst().map { $0[3] } == ["10", "10", "3", "3", "3"], "\(first.output)")
    #expect(["1.0e-6", "2.0e-3"].contains(rows[1][1]), "\(first.output)")
    #expect(rows[2][0] == "0" && rows[5][1] == "1.0e+30" && rows[5][4].isEmpty, "\(first.output)")
    #expect(first.errors.contains(": failed after") && first.errors.contains("trials: 3 for 1/3 of their epochs"))
    // One prepared teacher serves all, and no model is kept.
    let teachers = try FileManager.default.contentsOfDirectory(atPath: bench.path("runs/search/prepared-teachers"))
    #expect(teachers.filter { !$0.hasPrefix(".") && !$0.hasSuffix(".lock") }.count == 1, "\(teachers)")
    for name in try FileManager.default.contentsOfDirectory(atPath: bench.path("runs/search")) {
      for part in ["student", "teacher"] { #expect(!bench.exists("runs/search/\(name)/\(part)"), "\(name)") }
    }

    // Again, only what failed is tried, and the outcome is the same.
    let again = try bench.distill(["search", "search.yaml", "--format", "csv"] + rate)
    #expect(again.output == first.output && !again.errors.contains(": done"), "\(again.errors)")

    let best = try bench.distill("run", "runs/search/best.yaml")
    #expect(best.status == 0 && bench.exists("runs/search/best/report.json"), "\(best.errors)")
    #expect(best.errors.contains("prepared before by the same settings"))
    let text = try bench.distill(["search", "search.yaml"] + rate)
    #expect(text.output.contains("to as written: loss -") && text.errors.contains("distill run "))
  }

  @Test func theTimeIsKept() throws {
    let bench = try bench("minutes: 0.0001\n")
    let short = try bench.distill("search", "search.yaml")
    #expect(short.status == 2 && short.errors.contains("search.yaml:7:10"), "\(short.errors)")
    #expect(short.errors.contains("write at least `minutes: 1`") && !bench.exists("runs/search/as-written-epochs-3"))
    let list = try bench.distill("search", "search.yaml", "--list")
    #expect(list.lines.count == 3 && list.lines[0].hasPrefix("trial 1, training.learning_rate="))
  }
}
