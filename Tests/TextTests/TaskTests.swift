import DistillText
import Foundation
import TestSupport
import Testing

/// Reading the files of tasks.
@Suite struct TaskTests {
  private func task(_ name: String) throws -> TaskDefinition { try #require(TaskDefinition.named(name)) }

  private func withFile<Result>(_ content: String, _ body: (URL) throws -> Result) throws -> Result {
    try withFile(Data(content.utf8), body)
  }

  private func withFile<Result>(_ content: Data, _ body: (URL) throws -> Result) throws -> Result {
    try TemporaryFolder.with { folder in
      let file = folder.appendingPathComponent("rows")
      try content.write(to: file)
      return try body(file)
    }
  }

  private func read(_ task: TaskDefinition, _ content: String) throws -> [Example] {
    try withFile(content) { try task.read($0).examples }
  }

  private func readUnlabelled(_ task: TaskDefinition, _ content: String) throws -> [Example] {
    try withFile(content) { try task.readUnlabelled($0).examples }
  }

  private func problems(_ task: TaskDefinition, _ content: Data) throws -> [TextFileError.Problem] {
    let error = try withFile(content) { file in #expect(throws: TextFileError.self) { try task.read(file) } }
    return error?.problems ?? []
  }

  @Test func namedTasks() throws {
    #expect(TaskDefinition.names == ["mrpc", "rte", "cola", "sst-2", "sts-b", "qnli", "qqp", "mnli", "wnli"])
    #expect(TaskDefinition.named("MRPC") == nil)
    #expect(try task("rte").kind == .classification(labels: ["entailment", "not_entailment"]))
    #expect(try task("sts-b").kind == .regression)
    #expect(try task("mrpc").metrics == [.accuracy, .f1])
  }

  @Test func aHeaderNamesTheColumns() throws {
    let file =
      "\u{FEFF}Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t7\t8\tHe said \" no .\t \"\"Yes\r\n0\t1\t2\ta\t\r\n"
    #expect(
      try read(task("mrpc"), file) == [
        Example(text: "He said \" no .", pair: " \"\"Yes", target: .label(1), line: 2),
        Example(text: "a", pair: "", target: .label(0), line: 3),
      ])
    #expect(
      try read(task("rte"), "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tnot_entailment")
        == [Example(text: "a", pair: "b", target: .label(1), line: 2)])
    #expect(
      try read(task("sts-b"), "score\tsentence2\tsentence1\n3.800\tb\ta\n5\tc\td\n").map(\.target)
        == [.score(3.8), .score(5)])
  }

  @Test func colaHasNoHeader() throws {
    #expect(
      try read(task("cola"), "gj04\t1\t\tIt is.\nks08\t0\t*\tIs it it")
        == [Example(text: "It is.", target: .label(1), line: 1), Example(text: "Is it it", target: .label(0), line: 2)])
  }

  @Test func aCombiningMarkBehindATabDoesNotHideIt() throws {
    #expect(
      try read(task("sst-2"), "sentence\tlabel\nab\t1\n\u{301}x\t0\n").map(\.text) == ["ab", "\u{301}x"])
    #expect(
      try readUnlabelled(task("mrpc"), "a\t\u{301}b\n") == [Example(text: "a", pair: "\u{301}b", line: 1)])
  }

  @Test func filesWithoutAnswersCanBeRead() throws {
    let pair = Example(text: "a", pair: "b", line: 2)
    #expect(try readUnlabelled(task("mrpc"), "index\t#1 ID\t#2 ID\t#1 String\t#2 String\n0\t1\t2\ta\tb\n") == [pair])
    #expect(try readUnlabelled(task("rte"), "sentence1\tsentence2\tlabel\na\tb\tunheard of\n") == [pair])
    #expect(try readUnlabelled(task("rte"), "x\ty\na\tb\n").count == 2)
    #expect(try readUnlabelled(task("cola"), "index\tsentence\n0\ta\n") == [Example(text: "a", line: 2)])
    #expect(try readUnlabelled(task("cola"), "gj04\t1\t\ta\n") == [Example(text: "a", line: 1)])
    #expect(try readUnlabelled(task("cola"), "a\n\"b\n").map(\.text) == ["a", "\"b"])
    #expect(try readUnlabelled(task("sst-2"), "a").map(\.target) == [nil])
    let bytes = Array("a\tb".utf8)
    #expect(try task("rte").readUnlabelled(bytes, named: "-").examples == [Example(text: "a", pair: "b", line: 1)])
    #expect(throws: TextFileError.self) { try readUnlabelled(task("rte"), "only one\n") }
  }

  @Test func everyBrokenRowIsListed() throws {
    let file = Data("sentence1\tsentence2\tlabel\na\tb\tmaybe\na\tb\n\na\tb\tentailment\nc\t".utf8)
    #expect(
      try problems(task("rte"), file + Data([0xFF, 0x0A])) == [
        .init(line: 2, "unknown label 'maybe'; the labels are entailment, not_entailment"),
        .init(line: 3, "has 2 columns where 3 are expected"),
        .init(line: 4, "the line is empty"),
        .init(
          line: 6, "is not valid UTF-8: byte 3 is FF; `iconv -f latin1 -t utf-8` converts a file in Latin-1"),
      ])
    #expect(
      try problems(task("sts-b"), Data("sentence1\tsentence2\tscore\na\tb\tnan\na\tb\t\na\tb\t1\n".utf8)).map(\.line)
        == [2, 3])
    #expect(
      try problems(task("sst-2"), Data("text\tlabel\na\t1\n".utf8)) == [
        .init(line: 1, "there is no column 'sentence'; there are text, label", column: "sentence")
      ])
    #expect(try problems(task("sst-2"), Data()) == [.init("is empty")])
    #expect(try problems(task("sst-2"), Data("sentence\tlabel\n".utf8)) == [.init("holds no rows")])
    let absent = URL(fileURLWithPath: "/nowhere/train.tsv")
    #expect(throws: TextFileError.self) { try task("sst-2").read(absent) }
  }

  @Test func aMistakenColumnIsNamed() throws {
    #expect(
      try problems(task("sst-2"), Data("sentense\tlabel\tlabel\na\t1\t1\n".utf8)) == [
        .init(line: 1, "there is no column 'sentence'; did you mean 'sentense'?", column: "sentence"),
        .init(line: 1, "the header has the column 'label' 2 times", column: "label"),
      ])
    #expect(
      try problems(task("rte"), Data("sentence1\tsentence2\tlabel\na\tb\tentailmend\na\tb\t\n".utf8)) == [
        .init(line: 2, "unknown label 'entailmend'; did you mean entailment?"), .init(line: 3, "the label is empty"),
      ])
  }

  @Test func aSurveyReadsWholeLines() throws {
    let rows = "sentence\tlabel\n" + (0..<40).map { "a\t\($0 % 2)\n" }.joined()
    let broken = rows + "no tab\n"
    try withFile(broken) { file in
      let part = try task("sst-2").survey(file, atMost: 15 + 10 * 4 + 1)
      #expect(part.rows == 11 && !part.isWhole && part.labels == ["0", "1"])
      #expect(throws: TextFileError.self) { try task("sst-2").survey(file) }
      // At least one row is read, whatever its length.
      #expect(try task("sst-2").survey(file, atMost: 10).rows == 1)
    }
    try withFile(rows) { file in
      for count in [nil, rows.utf8.count + 1] as [Int?] {
        let whole = try task("sst-2").survey(file, atMost: count)
        #expect(whole.rows == 40 && whole.isWhole)
      }
    }
  }

  @Test func aLongListOfProblemsIsCutAndCounted() throws {
    let file = "sentence\tlabel\n" + String(repeating: "a\t2\n", count: 50)
    let error = try withFile(file) { file in #expect(throws: TextFileError.self) { try task("sst-2").read(file) } }
    #expect(error?.problems.count == 20)
    #expect(error?.total == 50)
    #expect(error?.description.contains("rows:21: unknown label '2'; the labels are 0, 1") == true)
    #expect(error?.description.hasSuffix("30 more problems of this kind") == true)
  }

  @Test func genericTables() throws {
    let layout = RowLayout(.tsv, text: "b", pair: "c", target: "a")
    let given = try TaskDefinition.generic(layout, labels: ["yes", "no", "perhaps"])
    #expect(given.metrics == [.accuracy, .macroF1])
    #expect(
      try read(given, "a\tx\tb\tc\nno\t-\tt\tp\n") == [Example(text: "t", pair: "p", target: .label(1), line: 2)])
    let regression = try TaskDefinition.generic(layout, labels: nil)
    #expect(try read(regression, "a\tb\tc\n-1.5\tt\tp\n").map(\.target) == [.score(-1.5)])
  }

  @Test func labelsAreCollectedInOrder() throws {
    let task = try TaskDefinition.generic(RowLayout(.tsv, text: "t", target: "l"), labels: [])
    let collected = try withFile("t\tl\n1\tz\n2\tä\n3\tb\n4\tz\n") { try task.collectingLabels(from: [$0]) }
    #expect(collected.kind == .classification(labels: ["b", "z", "ä"]))
    #expect(try collected == withFile("t\tl\n") { try collected.collectingLabels(from: [$0]) })
    #expect(throws: TextFileError.self) { try withFile("t\tl\n1\tz\n2\tz\n") { try task.collectingLabels(from: [$0]) } }
    let f1 = try TaskDefinition.generic(RowLayout(.tsv, text: "t", target: "l"), labels: [], metrics: [.f1])
    #expect(throws: TextFileError.self) {
      try withFile("t\tl\n1\ta\n2\tb\n3\tc\n") { try f1.collectingLabels(from: [$0]) }
    }
  }

  @Test func jsonLines() throws {
    let task = try TaskDefinition.generic(RowLayout(.jsonl, text: "t", pair: "p", target: "l"), labels: ["0", "true"])
    let file =
      #"{"t": "a\u00e9\ud83d\ude00\n", "p": "", "l": 0}"# + "\n" + #"{"x": [1, {}], "l": true, "p": "q", "t": "r"}"#
    #expect(
      try read(task, file) == [
        Example(text: "aé😀\n", pair: "", target: .label(0), line: 1),
        Example(text: "r", pair: "q", target: .label(1), line: 2),
      ])
    let broken = [
      #"{"t": "a", "l": 0}"#, #"{"t": "a", "p": null, "l": 0}"#, #"{"t": "a", "p": [], "l": 0}"#, "[]",
      #"{"t": "a", "p": "\ud800", "l": 0}"#, #"{"t": "a" "p": "b"}"#, #"{"t": "a", "p": "b", "l": 7}"#,
      #"{"t": "a", "p": "b", "l": 0} x"#, #"{"t": "a", "p": "b", "l": 0"#, "nul", String(repeating: "[", count: 9999),
    ]
    #expect(
      try problems(task, Data(broken.joined(separator: "\n").utf8)).map(\.message) == [
        "has no member 'p'; there are t, l", "the member 'p' is null; give it a value or leave the row out",
        "the member 'p' is a list; only labels may be one, with `multilabel: true`", "is not a JSON object",
        "is not JSON: half of a surrogate pair is missing", "is not JSON: ',' or '}' is expected",
        "unknown l '7'; the labels are 0, true", "is not JSON: something follows the JSON value",
        "is not JSON: ',' or '}' is expected", "is not JSON: 'nul' is not a JSON value",
        "is not JSON: nested more than 64 deep",
      ])
    let score = try TaskDefinition.generic(RowLayout(.jsonl, text: "t", target: "s"), labels: nil)
    #expect(try read(score, #"{"t": "a", "s": -2.5e-1}"#).map(\.target) == [.score(-0.25)])
    #expect(try readUnlabelled(score, #"{"t": "a"}"#).map(\.text) == ["a"])
    #expect(try problems(score, Data(#"{"t": "a", "s": "1"}"#.utf8)) == [.init(line: 1, "s '1' is not a number")])
  }

  @Test func impossibleTasksAreRefused() {
    let layout = RowLayout(.tsv, text: "t", target: "l")
    for (layout, labels, metrics) in [
      (layout, ["a", "b", "a"], nil), (layout, ["a"], nil), (layout, ["a", "b"], [Metric.pearson]),
      (layout, nil, [Metric.accuracy]), (layout, nil, []), (RowLayout(.tsv, text: "t", target: "t"), nil, nil),
    ] as [(RowLayout, [String]?, [Metric]?)] {
      #expect(throws: TaskDefinitionError.self) {
        try TaskDefinition.generic(layout, labels: labels, metrics: metrics)
      }
    }
  }

  @Test(
    .enabled(if: Fixture.glue != nil, "needs GLUE's files beside the package or DISTILL_GLUE"),
    arguments: [
      ("mrpc", "MRPC", 3668, 408), ("rte", "RTE", 2490, 277), ("cola", "CoLA", 8551, 1043),
      ("sst-2", "SST-2", 67349, 872), ("sts-b", "STS-B", 5749, 1500),
    ])
  func glueHasItsNumberOfRows(name: String, folder: String, train: Int, dev: Int) throws {
    let glue = try #require(Fixture.glue).appendingPathComponent(folder)
    for (file, count) in [("train.tsv", train), ("dev.tsv", dev)] {
      let data = try task(name).read(glue.appendingPathComponent(file))
      #expect(data.count == count)
      #expect(data.examples.allSatisfy { $0.target != nil && !$0.text.isEmpty && $0.pair?.isEmpty != true })
      let unlabelled = try task(name).readUnlabelled(glue.appendingPathComponent(file))
      #expect(unlabelled.examples.map(\.text) == data.examples.map(\.text))
    }
  }
}
