import DistillCore
import DistillPipeline
import DistillTraining
import Foundation
import Testing

struct RunFolderTests {
  /// Whether a run takes its teacher from one beside it.
  private func isReused(_ bench: Workbench, _ pipeline: Pipeline, into name: String) throws -> Bool {
    var isReused = false
    try bench.run(pipeline, into: name) {
      if case .note(let text) = $0, text.contains("prepared before") { isReused = true }
    }
    return isReused
  }

  @Test func aTeacherIsPreparedOnceForTheSameSettingsWeightsAndData() throws {
    let bench = try Workbench()
    let short: [(path: String, value: String)] = [("training.epochs", "1"), ("teacher.base.fine_tune.epochs", "1")]
    #expect(try !isReused(bench, bench.pipeline(set: short), into: "first"))
    #expect(try isReused(bench, bench.pipeline(set: short), into: "same"))
    #expect(try bench.student("same") == bench.student("first"))
    // The report has the curves of the teacher's training as well, which metrics.jsonl of the second run has not.
    func curves(_ name: String) throws -> Substring? {
      let page = String(decoding: try bench.data("runs/\(name)/report.html"), as: UTF8.self)
      return page.firstMatch(of: /(?s)How did it learn.*?<h2/)?.output
    }
    #expect(try curves("same") == curves("first") && curves("first") != nil)
    // Nor does it matter where its files lie, and how that is spelt.
    try FileManager.default.copyItem(atPath: bench.path("teacher"), toPath: bench.path("moved"))
    for (index, path) in ["./teacher/", "runs/../teacher", bench.path("teacher"), "moved"].enumerated() {
      let spelt = short + [("teacher.base.checkpoint", path)]
      #expect(try isReused(bench, bench.pipeline(set: spelt), into: "spelt-\(index)"), "\(path)")
    }
    // What comes after the teacher does not matter to it.
    #expect(try isReused(bench, bench.pipeline(set: short + [("training.epochs", "2")]), into: "student"))
    let precision = Precision.bfloat16.isAvailable ? [("precision", "bfloat16")] : []
    for (index, change)
      in ([("teacher.base.fine_tune.epochs", "2"), ("teacher.temperature", "0.1"), ("training.seed", "1")] + precision)
      .enumerated()
    {
      #expect(try !isReused(bench, bench.pipeline(set: short + [change]), into: "setting-\(index)"))
    }
    try bench.write(Workbench.intents(60, key: RandomKey(1)).replacing("please", with: "coffee"), to: "train.tsv")
    #expect(try !isReused(bench, bench.pipeline(set: short), into: "data"))
    try bench.write(Workbench.intents(60, key: RandomKey(1)), to: "train.tsv")
    #expect(try isReused(bench, bench.pipeline(set: short), into: "data-back"))
    try bench.writeBERT("teacher", seed: 12)
    #expect(try !isReused(bench, bench.pipeline(set: short), into: "weights"))
  }

  @Test func aFolderOfSomethingElseIsRefusedAndLeftAlone() throws {
    let bench = try Workbench()
    try FileManager.default.createDirectory(
      at: bench.url.appending(path: "runs/mine"), withIntermediateDirectories: true)
    try bench.write("precious", to: "runs/mine/notes.txt")
    for resumes in [false, true] {
      #expect(throws: RunError.self) { try bench.run(try bench.pipeline(), into: "mine", resumes: resumes) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.path("runs/mine")) == ["notes.txt"])
    #expect(try bench.data("runs/mine/notes.txt") == Data("precious".utf8))
  }

  @Test func aFinishedRunIsNotWrittenOverAndAnotherNotGoneOnWith() throws {
    let bench = try Workbench()
    let short: [(path: String, value: String)] = [("training.epochs", "1"), ("teacher.base.fine_tune.epochs", "1")]
    try bench.run(try bench.pipeline(set: short), into: "tiny")
    let student = try bench.student("tiny")
    for resumes in [false, true] {
      #expect { try bench.run(try bench.pipeline(set: short), into: "tiny", resumes: resumes) } throws: {
        if case RunError.finished = $0 { true } else { false }
      }
    }
    for change in [("training.epochs", "2"), ("training.seed", "2"), ("knowledge_base.beta", "0.1")] {
      #expect(throws: RunError.self, "\(change)") {
        try bench.run(try bench.pipeline(set: short + [change]), into: "tiny", resumes: true)
      }
    }
    try bench.write(Workbench.intents(30, key: RandomKey(9)), to: "train.tsv")
    #expect(throws: RunError.self) { try bench.run(try bench.pipeline(set: short), into: "tiny", resumes: true) }
    #expect(try bench.student("tiny") == student)
    #expect(try bench.finished("tiny").record.isComplete)
  }

  @Test func whatBreaksWhileRunningLeavesNoRunThatLooksWhole() throws {
    let bench = try Workbench()
    try bench.spoilWeights("teacher")
    #expect(throws: FormatError.self) { try bench.run(try bench.pipeline(), into: "tiny") }
    #expect(throws: FormatError.self) { try bench.finished("tiny") }
    #expect(!bench.exists("runs/tiny/student") && !bench.exists("runs/tiny/teacher"))
    // Once mended the same command works.
    try bench.writeBERT("teacher")
    try bench.run(try bench.pipeline(), into: "tiny")
    #expect(try bench.finished("tiny").record.isComplete)
  }

  @Test func brokenRunsAreNotOpened() throws {
    let bench = try Workbench()
    try bench.run(try bench.pipeline(), into: "tiny")
    for file in [
      "run.json", "pipeline.yaml", "student/model.safetensors", "student/config.json", "student/tokenizer.json",
      "knowledge-base/manifest.json", "knowledge-base/segments/000001-make/keys.safetensors",
    ] {
      let url = bench.url.appending(path: "runs/tiny/\(file)")
      let whole = try Data(contentsOf: url)
      try whole.prefix(whole.count / 3).write(to: url)
      #expect(throws: (any Error).self, "\(file)") { try bench.finished("tiny") }
      try whole.write(to: url)
    }
    _ = try bench.finished("tiny")
  }
}
