import DistillCore
import Foundation
import Testing

/// A knowledge base that is changed after the training, as a user does it.
@Suite(.serialized) struct KnowledgeTests {
  /// A run whose knowledge base alone answers.
  private func bench() throws -> Workbench {
    let bench = try Workbench()
    let outcome = try bench.distill(
      "run", "pipeline.yaml", "--set", "training.epochs=1",
      "--set", "knowledge_base={retriever: {use: hnsw}, space: student, neighbours: 3, beta: 0, temperature: 0.03}")
    try #require(outcome.status == 0, "\(outcome.errors)")
    try bench.write("text\tintent\nbox box box\thelp\ncoffee coffee tea\thelp\ntea box coffee\thelp\n", to: "more.tsv")
    try bench.write("box box box\n", to: "query.txt")
    return bench
  }

  private func answer(_ bench: Workbench) throws -> [String: Any] {
    let outcome = try bench.distill("predict", "runs/tiny", "query.txt", "--format", "jsonl")
    try #require(outcome.status == 0, "\(outcome.errors)")
    return try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  @Test func aNewLabelIsTaughtAndForgotten() throws {
    let bench = try bench()
    let before = try answer(bench)
    #expect(before["label"] as? String != "help")
    let added = try bench.distill("knowledge", "add", "runs/tiny", "more.tsv")
    #expect(added.status == 0 && added.output.contains("new labels: help"), "\(added.errors)")
    let after = try answer(bench)
    #expect(after["label"] as? String == "help")
    let nearest = try #require((after["neighbours"] as? [[String: Any]])?.first)
    #expect(nearest["text"] as? String == "box box box" && nearest["source"] as? String == "more.tsv:2")
    #expect((after["student"] as? [String: Any])?["help"] == nil)  // the student has never heard of it

    // A validation file may have the new label from now on.
    try bench.write("text\tintent\nbox box box\thelp\nmy parcel\ttrack\n", to: "both.tsv")
    let scored = try bench.distill("evaluate", "runs/tiny", "--data", "both.tsv")
    #expect(scored.status == 0 && scored.output.contains("student + knowledge base"), "\(scored.errors)")

    #expect(try bench.distill("knowledge", "stats", "runs/tiny").output.contains("help\t3\tunknown to the student"))
    #expect(try bench.distill("knowledge", "relabel", "runs/tiny", "aid", "--label", "help").status == 0)
    #expect(try answer(bench)["label"] as? String == "aid")
    #expect(try bench.distill("knowledge", "remove", "runs/tiny", "--source", "more.tsv").status == 0)
    #expect(try same(answer(bench), before))
    #expect(try bench.distill("knowledge", "revert", "runs/tiny", "2").status == 0)
    #expect(try same(answer(bench), after))
    #expect(try bench.distill("knowledge", "compact", "runs/tiny").status == 0)
    #expect(try same(answer(bench), after))
    let log = try bench.distill("knowledge", "log", "runs/tiny").output.split(separator: "\n")
    #expect(log.map { $0.split(separator: "\t")[2] } == ["make", "add", "relabel", "remove", "revert", "compact"])
    #expect(try bench.distill("knowledge", "revert", "runs/tiny", "1").errors.contains("cannot be restored"))
  }

  @Test func whatIsUnlikeEverythingIsUnknown() throws {
    let bench = try Workbench()
    let outcome = try bench.distill(
      "run", "pipeline.yaml", "--set", "training.epochs=1", "--set", "task.hold_out=0.4", "--set",
      "knowledge_base={retriever: {use: exact}, space: student, false_alarms: 0.25}")
    try #require(outcome.status == 0, "\(outcome.errors)")
    let record = try #require(JSONSerialization.jsonObject(with: bench.data("runs/tiny/run.json")) as? [String: Any])
    let threshold = try #require(record["novelty_threshold"] as? Double)
    var flagged = 0
    let lines = try bench.distill("predict", "runs/tiny", "validation.tsv", "--format", "jsonl").output.split(
      separator: "\n")
    for line in lines {
      let answer = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let nearest = try #require((answer["neighbours"] as? [[String: Any]])?.first?["similarity"] as? Double)
      let novelty = try #require(answer["novelty"] as? Double)
      #expect(abs(novelty - (1 - nearest)) < 1e-6 && answer["unknown"] as? Bool == (novelty > threshold))
      flagged += novelty > threshold ? 1 : 0
    }
    #expect(lines.count == 24 && flagged < 20)
    let text = try bench.distill("predict", "runs/tiny", "validation.tsv").output
    #expect(text.split(separator: "\n").count { $0.hasSuffix("\tunknown") } == flagged)
  }

  private func same(_ one: [String: Any], _ other: [String: Any]) -> Bool {
    NSDictionary(dictionary: one).isEqual(to: other)
  }

  @Test func theTeacherLabelsTextsAndEntriesAreExported() throws {
    let bench = try bench()
    let added = try bench.distill("knowledge", "add", "runs/tiny", "query.txt", "--unlabelled")
    #expect(added.status == 0, "\(added.errors)")
    #expect(try bench.distill("knowledge", "stats", "runs/tiny").output.contains("answered by the teacher\t1"))
    #expect(try bench.distill("knowledge", "export", "runs/tiny", "all.jsonl").status == 0)
    let lines = String(decoding: try bench.data("all.jsonl"), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 61 && lines[60].contains("\"text\":\"box box box\""))
    let listed = try bench.distill("knowledge", "list", "runs/tiny", "--text", "box box box")
    #expect(listed.output == "60\t\tquery.txt:1\tbox box box\n")
  }

  @Test func mistakesChangeNothing() throws {
    let bench = try bench()
    let before = try bench.data("runs/tiny/knowledge-base/manifest.json")
    try bench.write("text\tintent\nno label here\n", to: "broken.tsv")
    try bench.write("text\tintent\n", to: "empty.tsv")
    for (arguments, told) in [
      (["add", "runs/tiny", "broken.tsv"], "broken.tsv"), (["add", "runs/tiny", "empty.tsv"], "empty.tsv"),
      (["remove", "runs/tiny"], "say which entries"),
      (["remove", "runs/tiny", "--id", "999"], "there is no entry 999"),
      (["remove", "runs/tiny", "--label", "nothing"], "no entry fits"),
      (["revert", "runs/tiny", "9"], "there is no change 9"), (["add", "teacher", "more.tsv"], "run.json"),
    ] {
      let outcome = try bench.distill(["knowledge"] + arguments)
      #expect(outcome.status != 0 && outcome.errors.contains(told), "\(arguments): \(outcome.errors)")
    }
    #expect(try bench.data("runs/tiny/knowledge-base/manifest.json") == before)
  }

  @Test func textsAreLeftOutIfAsked() throws {
    let bench = try Workbench()
    let outcome = try bench.distill(
      "run", "pipeline.yaml", "--set", "training.epochs=1", "--set",
      "knowledge_base={retriever: {use: exact}, texts: false}")
    #expect(outcome.status == 0, "\(outcome.errors)")
    try bench.write("my parcel\n", to: "query.txt")
    #expect(try !bench.distill("predict", "runs/tiny", "query.txt", "--format", "jsonl").output.contains("\"text\""))
    #expect(try !bench.distill("knowledge", "list", "runs/tiny", "--format", "jsonl").output.contains("\"text\""))
  }
}
