import Foundation
import Testing

/// Sweeps and comparisons as a user runs them.
@Suite(.serialized) struct SweepTests {
  private func bench() throws -> Workbench {
    let bench = try Workbench()
    try bench.write(
      """
      version: 1
      pipeline: pipeline.yaml
      seeds: [1, 2]
      variants:
        - {name: two epochs, set: ["training.epochs=2"]}
        - {name: too fast, set: ["training.learning_rate=1.0e+30"]}
      output: runs/sweep

      """, to: "sweep.yaml")
    return bench
  }

  @Test func oneFailingRunDoesNotEndTheOthers() throws {
    let bench = try bench()
    let first = try bench.distill("sweep", "sweep.yaml", "--jobs", "2")
    #expect(first.status == 1, "\(first.errors)")
    #expect(first.errors.contains("two-epochs-2: done"))
    #expect(first.errors.contains("too-fast-1: failed") && first.errors.contains("its log is"))
    #expect(first.output.contains("student + knowledge base"))
    // Again, only what failed is tried.
    let again = try bench.distill("sweep", "sweep.yaml")
    #expect(again.status == 1 && again.errors.contains("4 runs") && again.errors.contains("of which 2 are finished"))
    #expect(!again.errors.contains("two-epochs-1: done"))

    let page = try bench.distill(
      "compare", "runs/sweep/two-epochs-1", "runs/sweep/two-epochs-2", "--format", "html"
    ).output
    #expect(page.contains("<h2>How did they learn?</h2>"))
    let compared = try bench.distill("compare", "runs/sweep/two-epochs-1", "runs/sweep/two-epochs-2", "--format", "csv")
    #expect(compared.status == 0 && compared.output.contains("student,1 2,"), "\(compared.errors)")
    // A run of other settings is not taken for a member.
    try bench.write(
      try String(decoding: bench.data("sweep.yaml"), as: UTF8.self).replacing("epochs=2", with: "epochs=3"),
      to: "sweep.yaml")
    let other = try bench.distill("sweep", "sweep.yaml")
    #expect(other.status == 2 && other.errors.contains("other settings"), "\(other.errors)")
  }

  @Test func mistakesAreToldBeforeAnythingRuns() throws {
    let bench = try bench()
    try bench.write(
      "version: 1\npipeline: pipeline.yaml\ngrid:\n  - {option: training.epoch, values: [1]}\noutput: runs/sweep\n",
      to: "wrong.yaml")
    let wrong = try bench.distill("sweep", "wrong.yaml")
    #expect(
      wrong.status == 2 && wrong.errors.contains("training.epoch") && !bench.exists("runs/sweep"), "\(wrong.errors)")
    try bench.write("version: 1\npipeline: pipeline.yaml\nseed: [1]\noutput: runs/sweep\n", to: "wrong.yaml")
    let unknown = try bench.distill("sweep", "wrong.yaml")
    #expect(unknown.status == 2 && unknown.errors.contains("wrong.yaml:3:1") && unknown.errors.contains("seeds"))
    let nothing = try bench.distill("compare", "teacher")
    #expect(nothing.status == 2 && nothing.errors.contains("is not a run and contains none"))
  }
}
