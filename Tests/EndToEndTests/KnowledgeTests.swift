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
    let outcome = try bench.distill("predict", "runs/tiny", "query.txt", "--format", "jsonl", "--scores")
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
    let threshold = try #require(record["unknown_beyond"] as? Double)
    var flagged = 0
    let lines = try bench.distill("predict", "runs/tiny", "validation.tsv", "--format", "jsonl").output.split(
      separator: "\n")
    for line in lines {
      let answer = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let nearest = try #require((answer["neighbours"] as? [[String: Any]])?.first?["similarity"] as? Double)
      let novelty = try #require(answer["novelty"] as? Double)
      #expect(novelty > 1 - nearest && answer["unknown"] as? Bool == (novelty > threshold))
      flagged += novelty > threshold ? 1 : 0
    }
    #expect(lines.count == 24 && flagged < 20)
    let text = try bench.distill("predict", "runs/tiny", "validation.tsv").output
    #expect(text.split(separator: "\n").count { $0.hasSuffix("\tunknown") } == flagged)
  }

  /// A readout knows what was taught, can be compared with the student's classifier, and taken back.
  @Test func aReadoutIsFittedComparedAndTakenBack() throws {
    let bench = try bench()
    let before = try answer(bench)
    #expect(try bench.distill("knowledge", "readout", "runs/tiny").output == "student\tanswers\n")
    #expect(try bench.distill("knowledge", "add", "runs/tiny", "more.tsv").status == 0)
    let fitted = try bench.distill("knowledge", "refit", "runs/tiny")
    #expect(fitted.status == 0 && fitted.output.contains("readout 1 answers from now on: 4 labels, fitted to 63 texts"))
    let student = try #require(answer(bench)["student"] as? [String: Double])
    #expect(student.count == 4 && (student["help"] ?? 0) > 0.5 && abs(student.values.reduce(0, +) - 1) < 1e-5)

    try bench.write("text\tintent\nbox box box\thelp\nmy parcel\ttrack\n", to: "both.tsv")
    let scored = try bench.distill("evaluate", "runs/tiny", "--data", "both.tsv")
    #expect(scored.output.contains("readout + knowledge base"), "\(scored.errors)")
    #expect(scored.output.contains("1 texts of known labels") && scored.output.contains("1 of labels taught later"))
    #expect(
      try !bench.distill("evaluate", "runs/tiny", "--data", "both.tsv", "--readout", "student").output.contains(
        "readout"))

    // A label that is forgotten is no answer of the readout either.
    #expect(try bench.distill("knowledge", "remove", "runs/tiny", "--label", "help").status == 0)
    let forgotten = try #require(answer(bench)["student"] as? [String: Double])
    #expect(forgotten["help"] == nil && forgotten.count == 3)
    #expect(try bench.distill("knowledge", "readout", "runs/tiny", "student").status == 0)
    #expect(try same(answer(bench), before))
    #expect(try bench.distill("knowledge", "readout", "runs/tiny", "1").status == 0)
    #expect(try bench.distill("knowledge", "readout", "runs/tiny").output.hasSuffix("63 texts, change 2\tanswers\n"))
    #expect(try bench.distill("knowledge", "readout", "runs/tiny", "7").errors.contains("there is no readout 7, but 1"))
    try bench.write("seven\n", to: "runs/tiny/readouts/chosen")
    #expect(try bench.distill("predict", "runs/tiny", "query.txt").errors.contains("neither `student` nor"))
  }

  /// Labels that nobody taught may be in a file that is evaluated: they are told apart by novelty.
  @Test func labelsThatNobodyTaughtAreEvaluated() throws {
    let bench = try bench()
    try bench.write("text\tintent\nzoo zebra zoo\tanimals\nmy parcel\ttrack\n", to: "new.tsv")
    let scored = try bench.distill("evaluate", "runs/tiny", "--data", "new.tsv")
    #expect(
      scored.status == 0 && scored.output.contains("1 texts have labels that nobody has taught"), "\(scored.errors)")
    let other = try bench.distill("evaluate", "runs/tiny", "--data", "new.tsv", "--mixing", "{neighbours: 1, beta: 0}")
    #expect(other.output.contains("K = 1, β = 0.0"), "\(other.errors)")
    #expect(try bench.distill("evaluate", "runs/tiny", "--mixing", "{beta: 2}").errors.contains("--mixing:1:8: error"))
    // Without a knowledge base there is nothing that could tell.
    #expect(
      try bench.distill("evaluate", "runs/tiny", "--data", "new.tsv", "--no-retrieval").errors.contains("animals"))
  }

  /// The most novel text comes first, and none that is like one before.
  @Test func textsWorthLabellingAreSuggested() throws {
    let bench = try bench()
    let known = String(decoding: try bench.data("validation.tsv"), as: UTF8.self).split(separator: "\n").dropFirst().map
    {
      String($0.split(separator: "\t")[0])
    }
    try bench.write(
      (["box box box", "box box box", "tea box coffee"] + known).joined(separator: "\n") + "\n", to: "texts.txt")
    let outcome = try bench.distill("knowledge", "suggest", "runs/tiny", "texts.txt", "--count", "3")
    let lines = outcome.output.split(separator: "\n").map { $0.split(separator: "\t") }
    #expect(lines.count == 3 && Set(lines.map { $0[2] }).count == 3, "\(outcome.output) \(outcome.errors)")
    let worth = lines.compactMap { Double($0[0]) }
    #expect(worth == worth.sorted(by: >))
    let answers = try bench.distill("predict", "runs/tiny", "texts.txt", "--format", "jsonl", "--scores").output.split(
      separator: "\n")
    let expected = try answers.map { line -> Double in
      let answer = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let nearest = try #require((answer["neighbours"] as? [[String: Any]])?.first?["similarity"] as? Double)
      let scores = try #require(answer["scores"] as? [String: Double]).values.sorted(by: >)
      return 1 - nearest + (1 - (scores[0] - scores[1])) / 2
    }
    #expect(abs(worth[0] - (expected.max() ?? 0)) < 1e-3)
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
