import DistillCore
import Foundation
import Testing

/// Texts and labels as they come: with a byte-order mark, with control characters, with two labels that nobody listed.
@Suite(.serialized) struct TextTests {
  @Test func aByteOrderMarkIsNoPartOfAText() throws {
    let bench = try Workbench()
    try bench.run()
    let texts = "cancel the order\nwhere is my parcel\n"
    try bench.write(texts, to: "plain.txt")
    try bench.write("\u{FEFF}" + texts, to: "marked.txt")
    try bench.write("\u{FEFF}", to: "mark.txt")
    for command in [["tokenize", "teacher"], ["predict", "runs/tiny", "--format", "jsonl"]] {
      let plain = try bench.distill(command + ["plain.txt"])
      #expect(plain.status == 0 && plain.lines.count == 2)
      #expect(try bench.distill(command + ["marked.txt"]).output == plain.output)
      #expect(try bench.distill(command, input: "\u{FEFF}" + texts).output == plain.output)
      let empty = try bench.distill(command + ["mark.txt"])
      #expect(empty.status != 0 && empty.errors.contains(/mark.txt:? is empty/))
    }
    for name in ["plain", "marked"] {
      #expect(try bench.distill("embed", "teacher", "\(name).txt", "--output", name).status == 0)
    }
    #expect(try bench.data("plain") == bench.data("marked"))
    let validation = try bench.data("validation.tsv")
    try (Data([0xEF, 0xBB, 0xBF]) + validation).write(to: bench.url.appending(path: "marked.tsv"))
    #expect(
      try bench.distill("predict", "runs/tiny", "marked.tsv").output
        == bench.distill("predict", "runs/tiny", "validation.tsv").output)
  }

  /// A run without a teacher on a file of JSON lines with two labels.
  private func run(_ labels: [String], in bench: Workbench) throws {
    let encoder = JSONEncoder()
    let rows = try ["cancel", "where", "stop", "parcel", "end", "track", "cancel the order", "my parcel"].enumerated()
      .map { String(decoding: try encoder.encode(["text": $1, "label": labels[$0 % 2]]), as: UTF8.self) }
    try bench.write(rows.joined(separator: "\n"), to: "rows.jsonl")
    try bench.write(
      """
      version: 1
      name: two
      task: {use: jsonl, train: rows.jsonl, validation: rows.jsonl, max_length: 16}
      student: {use: bert, checkpoint: teacher}
      losses: [{use: hard-cross-entropy}]
      training: {epochs: 1, batch_size: 4, learning_rate: 0.003, keep: best}
      output: runs/two
      """, to: "two.yaml")
    let outcome = try bench.distill("run", "two.yaml")
    try #require(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains(" f1 ") && !outcome.output.contains("macro-f1"), "\(outcome.output)")
  }

  @Test func runAndEvaluateTellTheSameMetrics() throws {
    struct Report: Decodable {
      struct Row: Decodable, Equatable {
        struct Score: Decodable, Equatable { let metric: String, value: Double }
        let name: String, scores: [Score]
      }
      let rows: [Row]
    }
    let bench = try Workbench()
    try run(["yes", "no"], in: bench)
    let told = try JSONDecoder().decode(Report.self, from: bench.data("runs/two/report.json")).rows
    #expect(told[0].name == "student" && told.allSatisfy { $0.scores.map(\.metric) == ["accuracy", "f1"] })
    let evaluated = try bench.distill("evaluate", "runs/two", "--format", "json")
    #expect(try JSONDecoder().decode(Report.self, from: Data(evaluated.output.utf8)).rows == [told[0]])
    let log = String(decoding: try bench.data("runs/two/metrics.jsonl"), as: UTF8.self)
    #expect(log.contains("\"f1\"") && !log.contains("macro-f1"))
  }

  @Test func controlCharactersOfLabelsAreSpeltOut() throws {
    let bench = try Workbench()
    let labels = ["tab\tlabel\n\u{1B}[31m", "ring\u{7}\u{85}\u{2028}"]
    try run(labels, in: bench)
    let text = try bench.distill("predict", "runs/two", input: "{\"text\": \"cancel\"}\n{\"text\": \"where\"}\n")
    #expect(text.status == 0 && text.lines.count == 2, "\(text.errors)")
    let shown = ["tab\\tlabel\\n\\u{1B}[31m", "ring\\u{07}\\u{0085}\\u{2028}"]
    for line in text.lines {
      let fields = line.split(separator: "\t")
      #expect(fields.count == 2 && shown.contains(String(fields[0])) && Double(fields[1]) != nil, "\(line)")
    }
    let exact = try bench.distill(
      "predict", "runs/two", "--format", "jsonl", "--scores", input: "{\"text\": \"cancel\"}")
    let answer = try JSONDecoder().decode(CommandTests.Answer.self, from: Data(exact.output.utf8))
    #expect(answer.scores.keys.sorted() == labels.sorted())
    // In a message, too.
    try bench.write("{\"text\": \"a\", \"label\": \"\\u001b[2Jno\\r\"}", to: "wrong.jsonl")
    let refused = try bench.distill("evaluate", "runs/two", "--data", "wrong.jsonl")
    #expect(refused.status == 2 && refused.errors.contains("'\\u{1B}[2Jno\\r'"), "\(refused.errors)")
    #expect(!refused.errors.dropLast().unicodeScalars.contains { $0.properties.generalCategory == .control })
  }
}
