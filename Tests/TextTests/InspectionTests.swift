import DistillFormats
import DistillText
import Foundation
import TestSupport
import Testing

/// What is said of files before a pipeline is written for them.
@Suite struct InspectionTests {
  private typealias Given = (text: String?, pair: String?, label: String?, score: String?)
  private static let nothing: Given = (nil, nil, nil, nil)

  private static func words(_ text: String, _ pair: String?) -> Int {
    [text, pair ?? ""].reduce(0) { $0 + $1.split(whereSeparator: \.isWhitespace).count }
  }

  private func inspect(_ files: [(name: String, content: String)], _ given: Given = nothing) throws -> DataInspection {
    try TemporaryFolder.with { folder in
      var inspection = DataInspection(length: Self.words)
      for (name, content) in files {
        let file = folder.appendingPathComponent(name)
        try Data(content.utf8).write(to: file)
        try inspection.add(TextSource(file), given)
      }
      return inspection
    }
  }

  private func problems(_ name: String, _ content: String) -> [TextFileError.Problem] {
    let error = #expect(throws: TextFileError.self) { try inspect([(name, content)]) }
    return error?.problems ?? []
  }

  /// The numbers are those of a few lines of Python with dictionaries over the lines of the files.
  @Test(
    .enabled(if: Fixture.glue != nil),
    arguments: [
      ("MRPC", 3668, 408, 0, 0, 0, 0), ("CoLA", 8551, 1043, 19, 11, 16, 2), ("RTE", 2490, 277, 2, 0, 0, 0),
      ("SST-2", 67_349, 872, 371, 5, 0, 0),
    ])
  func filesOfGLUEAreCounted(
    _ task: String, rows: Int, validation: Int, duplicates: Int, disputed: Int, leaked: Int, disputedLeaks: Int
  ) throws {
    let folder = try #require(Fixture.glue).appendingPathComponent(task)
    var inspection = DataInspection(length: Self.words)
    for name in ["train", "dev"] {
      try inspection.add(TextSource(folder.appendingPathComponent("\(name).tsv")), Self.nothing)
    }
    #expect(inspection.files.map(\.rows) == [rows, validation])
    let training = inspection.files[0]
    #expect(training.duplicates == duplicates && training.disputed == disputed && training.empty == 0)
    #expect(!training.isQuoted && training.layout.format == .tsv)
    #expect(inspection.leaks.map(\.texts) == (leaked == 0 ? [] : [leaked]))
    #expect(inspection.leaks.map(\.disputed) == (leaked == 0 ? [] : [disputedLeaks]))
    let labels = [
      "MRPC": ["1": 2474, "0": 1194], "CoLA": ["1": 6023, "0": 2528], "SST-2": ["1": 37_569, "0": 29_780],
      "RTE": ["entailment": 1249, "not_entailment": 1241],
    ]
    #expect(training.labels == labels[task])
    let roles = [
      "MRPC": ColumnRoles(text: "#1 String", pair: "#2 String", answer: .label("Quality")),
      "CoLA": ColumnRoles(text: "sentence", answer: .label("label")),
      "SST-2": ColumnRoles(text: "sentence", answer: .label("label")),
      "RTE": ColumnRoles(text: "sentence1", pair: "sentence2", answer: .label("label")),
    ]
    #expect(training.roles == roles[task])
  }

  @Test(.enabled(if: Fixture.glue != nil)) func scoresAreToldFromLabels() throws {
    let folder = try #require(Fixture.glue).appendingPathComponent("STS-B")
    var inspection = DataInspection(length: Self.words)
    try inspection.add(TextSource(folder.appendingPathComponent("train.tsv")), Self.nothing)
    let file = inspection.files[0]
    #expect(file.roles == ColumnRoles(text: "sentence1", pair: "sentence2", answer: .score("score")))
    #expect(file.rows == 5749 && file.scores == 0...5 && file.duplicates == 43 && file.labels.isEmpty)
  }

  @Test(.enabled(if: Fixture.glue != nil)) func intentsAreCounted() throws {
    let folder = try #require(Fixture.glue).deletingLastPathComponent().appendingPathComponent("banking77")
    guard FileManager.default.fileExists(atPath: folder.path) else { return }
    var inspection = DataInspection(length: Self.words)
    for name in ["train", "test"] {
      try inspection.add(TextSource(folder.appendingPathComponent("\(name).tsv")), Self.nothing)
    }
    let file = inspection.files[0]
    #expect(file.rows == 10_003 && file.labels.count == 77 && file.duplicates == 4 && file.disputed == 0)
    #expect(file.labels["card_payment_fee_charged"] == 187 && file.labels.values.min() == 35)
    #expect(inspection.files[1].rows == 3080 && inspection.leaks.map(\.texts) == [7])
    #expect(inspection.newLabels(in: 1).isEmpty)
  }

  @Test func formatsAreFoundByLooking() throws {
    let rows = "a good day,yes\nnot so good,no\na good day,no\n"
    for (name, content, format, separator) in [
      ("a.csv", "text,label\n" + rows, RowLayout.Format.csv, ","),
      ("a.csv", "text;label\n" + rows.replacing(",", with: ";"), .csv, ";"),
      ("a.csv", "text\tlabel\n" + rows.replacing(",", with: "\t"), .csv, "\t"),
      ("a.dat", "text|label\n" + rows.replacing(",", with: "|"), .csv, "|"),
      ("a.tsv", "text,label\n" + rows, .csv, ","),
      ("a.txt", "text\tlabel\n" + rows.replacing(",", with: "\t"), .tsv, ","),
      ("a", #"{"text": "a good day", "label": "yes"}"# + "\n", .jsonl, ","),
    ] {
      let file = try inspect([(name, content)]).files[0]
      #expect(file.layout.format == format && file.layout.separator == separator.utf8.first, "\(name): \(content)")
      #expect(file.roles.text == "text")
      if format != .jsonl {
        #expect(file.labels == ["yes": 1, "no": 2] && file.duplicates == 1 && file.disputed == 1, "\(content)")
        #expect(file.disputes.map(\.lines) == [[2, 4]] && file.disputes[0].answers == ["yes", "no"])
      }
    }
    let plain = try inspect([("a.txt", "Well, hello\nhow are you\nWell, hello\n")]).files[0]
    #expect(plain.sample.format == nil && plain.rows == 3 && plain.duplicates == 1 && plain.roles.answer == nil)
  }

  @Test func membersHaveDottedPaths() throws {
    let rows = (0..<6).map {
      #"{"id": \#($0), "messages": [{"role": "user", "content": "text number \#($0 / 2)"}], "meta": {"intent": "\#($0 % 2)"}}"#
    }
    let file = try inspect([("a.jsonl", rows.joined(separator: "\n"))]).files[0]
    #expect(file.sample.columns.map(\.name) == ["id", "messages.0.role", "messages.0.content", "meta.intent"])
    #expect(file.roles == ColumnRoles(text: "messages.0.content", answer: .label("meta.intent")))
    #expect(file.duplicates == 3 && file.disputed == 3 && file.labels == ["0": 3, "1": 3])
  }

  @Test func severalLabelsOfATextAreToldFromOne() throws {
    let table =
      "text\tintent\nmoney and card\tcard|money\nmy card\tcard\nmoney and card\tmoney|card\nthe money\tmoney\nhow are you\t\n"
    let objects = """
      {"text": "money and card", "labels": ["card", "money"]}
      {"text": "my card", "labels": ["card"]}
      {"text": "money and card", "labels": ["card"]}
      {"text": "how are you", "labels": []}

      """
    let file = try inspect([("a.tsv", table)]).files[0]
    #expect(file.roles == ColumnRoles(text: "text", answer: .labels("intent")))
    #expect(file.labels == ["card": 3, "money": 3] && file.duplicates == 1 && file.disputed == 0)
    let list = try inspect([("a.jsonl", objects)]).files[0]
    #expect(list.roles == ColumnRoles(text: "text", answer: .labels("labels")))
    #expect(list.labels == ["card": 3, "money": 1] && list.disputes.map(\.answers) == [["card|money", "card"]])
    #expect(try inspect([("a.csv", "text,label\na b,x|y\nc d,z\n")]).files[0].roles.answer == .label("label"))
  }

  @Test func columnsCanBeNamed() throws {
    let content = "head,body,kind,stars\na b c,d e f g,x,1.5\nh i j,k l m n,y,2\n"
    let guessed = try inspect([("a.csv", content)]).files[0].roles
    #expect(guessed == ColumnRoles(text: "body", answer: .score("stars")))
    let named = try inspect([("a.csv", content)], ("head", "body", "kind", nil)).files[0]
    #expect(named.roles == ColumnRoles(text: "head", pair: "body", answer: .label("kind")))
    #expect(named.lengths.longest == 7)
    let error = #expect(throws: TextFileError.self) { try inspect([("a.csv", content)], ("haed", nil, nil, nil)) }
    #expect(error?.problems.first?.message == "there is no column 'haed'; did you mean 'head'?")
  }

  /// A TSV in which pandas has quoted fields, beside one whose texts have marks of their own.
  @Test func quotedFieldsAreNoticed() throws {
    let quoted = "text\tlabel\nplain words here\ta\n\"he said \"\"no\"\" twice\"\tb\n"
    let file = try inspect([("a.tsv", quoted)]).files[0]
    #expect(
      file.isQuoted && file.layout.format == .csv && file.layout.separator == UInt8(ascii: "\t") && file.rows == 2)
    let broken = "text\tlabel\n\"two \"\"lines\"\"\nin a field\"\ta\nothers are here\tb\n"
    #expect(try inspect([("a.tsv", broken)]).files[0].isQuoted)
    for honest in ["\"he said \"\"no\"\" twice\"\tb\nand 5\" wide\ta\n", "\"all of it\"\ta\n\"is enclosed\"\tb\n"] {
      let file = try inspect([("a.tsv", "text\tlabel\n" + honest)]).files[0]
      #expect(!file.isQuoted && file.layout.format == .tsv, "\(honest)")
    }
    var fields = QuotedFields()
    fields.see("\"a \"\"b\"\"\"")
    #expect(fields.isQuoted)
    fields.see("\"a\" and \"b\"")
    #expect(!fields.isQuoted)
  }

  @Test func whatIsWrongIsToldWithItsLine() throws {
    #expect(
      problems("a.csv", "text,label\na b,x\n\"c d,y\n")
        == [.init(line: 3, "the quotation mark in column 1 is never closed")])
    #expect(problems("a.tsv", "text\tlabel\na b\tx\nc d\n") == [.init(line: 3, "has 1 columns where 2 are expected")])
    #expect(problems("a.jsonl", "{\"text\": 1\n")[0].message.hasPrefix("is not JSON"))
    #expect(problems("a.csv", "text,label\na b,x\nc d,\n") == [.init(line: 3, "the label is empty")])
    #expect(problems("a.json", "[{\"text\": \"a\"}]\n")[0].message.hasPrefix("is a JSON array"))
    #expect(problems("a.csv", "1,2\n3,4\n")[0].message == "field 1 is a number: the first line has to name the columns")
    #expect(
      problems("a.csv", "id,year\n3,4\n")[0].message
        == "no column looks like a text; say which one is by --text: id, year")
    #expect(problems("a.csv", "")[0].message == "is empty")
  }

  @Test func emptyTextsAndLengthsAreCounted() throws {
    let content = "text,label\n" + (1...100).map { String(repeating: "w ", count: $0) + ",x\n" }.joined() + "  ,y\n"
    let file = try inspect([("a.csv", content)]).files[0]
    #expect(file.empty == 1 && file.emptyLines == [102])
    // 0, 1, …, 100 words, without interpolation.
    #expect([0.5, 0.95, 0.99, 1].map(file.lengths.quantile) == [50, 95, 99, 100])
    #expect(file.lengths.count(above: 90) == 10 && file.lengths.mean == 50)
  }
}
