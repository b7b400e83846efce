import DistillCore
import Foundation
import Testing

/// What `evaluate` can be asked for beyond the report of the run.
@Suite(.serialized) struct EvaluationTests {
  private func rows(_ text: String) throws -> [[String: Any]] {
    let report = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    return try #require(report["rows"] as? [[String: Any]])
  }

  private func accuracy(_ row: [String: Any]?) -> Double? {
    (row?["scores"] as? [[String: Any]])?.first { $0["metric"] as? String == "accuracy" }?["value"] as? Double
  }

  @Test func answersAreWrittenAndTheTeacherCanBeMissing() throws {
    let bench = try Workbench()
    let run = try bench.distill("run", "pipeline.yaml")
    #expect(run.status == 0, "\(run.errors)")
    let settings = "{neighbours: 2, beta: 0.1, adaptive: false}"
    let told = try bench.distill(
      "evaluate", "runs/tiny", "--no-teacher", "--predictions", "own.csv", "--mixing", settings, "--format", "json")
    #expect(told.status == 0, "\(told.errors)")
    let evaluated = try rows(told.output)
    #expect(evaluated.compactMap { $0["name"] as? String } == ["student", "student + knowledge base"])

    // The answers of the file are those that the report counts.
    let lines = try String(decoding: bench.data("own.csv"), as: UTF8.self).split(separator: "\n")
    #expect(lines[0] == "text,intent,predicted,probability,novelty,unknown")
    let fields = lines.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    let right = Double(fields.count { $0[1] == $0[2] }) / Double(fields.count)
    #expect(fields.count > 10 && abs(right - (accuracy(evaluated.last) ?? -1)) < 1e-9)

    // Another format by its name, compressed, and the same lines as those of `predict`.
    let table = try bench.data("validation.tsv")
    try bench.write(String(decoding: table, as: UTF8.self).replacing("\t", with: ","), to: "other.csv")
    #expect(try bench.shell("gzip other.csv").status == 0)
    let other = try bench.distill(
      "evaluate", "runs/tiny", "--data", "other.csv.gz", "--predictions", "other.jsonl", "--format", "json")
    #expect(other.status == 0, "\(other.errors)")
    #expect(try rows(other.output).first?["name"] as? String == "teacher")
    let predicted = try bench.distill("predict", "runs/tiny", "other.csv.gz", "--format", "jsonl")
    #expect(try predicted.output == String(decoding: bench.data("other.jsonl"), as: UTF8.self))

    try FileManager.default.removeItem(at: bench.url.appending(path: "runs/tiny/teacher"))
    let without = try bench.distill("evaluate", "runs/tiny", "--format", "json")
    #expect(without.status == 0 && without.errors.contains("the teacher has no row"), "\(without.errors)")
    #expect(try rows(without.output).first?["name"] as? String == "student")
    let quiet = try bench.distill("evaluate", "runs/tiny", "--no-teacher")
    #expect(quiet.status == 0 && !quiet.errors.contains("no row"), "\(quiet.errors)")
  }

  @Test func whatCannotBeWrittenIsToldFirst() throws {
    let bench = try Workbench()
    #expect(try bench.distill("run", "pipeline.yaml").status == 0)
    for (arguments, message) in [
      (["--predictions", "a.txt"], "takes a name in .csv or .jsonl"), (["--predictions", "absent/a.csv"], "absent"),
      (["--sweep", "--predictions", "a.csv"], "--sweep"),
      (["--data", "twice.tsv", "--predictions", "a.csv"], "the input has a column 'predicted' already"),
    ] {
      try bench.write("text\tintent\tpredicted\nmoney back\trefund\tx\n", to: "twice.tsv")
      let told = try bench.distill(["evaluate", "runs/tiny"] + arguments)
      #expect(
        told.status != 0 && told.errors.contains(message) && !told.errors.contains("evaluation:"), "\(told.errors)")
    }
    #expect(!bench.exists("a.csv"))
  }
}
