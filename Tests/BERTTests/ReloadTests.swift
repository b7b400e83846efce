import DistillBERT
import DistillCore
import Foundation
import Testing

/// Writes students and their logits for Scripts/fixtures/bert_reload.py into the folder that `DISTILL_RELOAD` names.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["DISTILL_RELOAD"] != nil, "needs DISTILL_RELOAD, a folder"))
struct ReloadTests {
  private struct Line: Encodable {
    let text: String, pair: String?
    let ids: [Int32], types: [Int32]
    let logits: [Float]
  }

  @Test func writesStudents() throws {
    let root = URL(filePath: try #require(ProcessInfo.processInfo.environment["DISTILL_RELOAD"]))
    let texts: [(String, String?)] = [
      ("The film was not very good.", nil), ("a", nil), ("Is it long?", "A dull, short book!"), ("", nil),
      ("unknown wörds, 漢字", "plays"),
    ]
    var sources = ["teacher", "student", "gelu_new", "relu"].map { ($0, try? Fixture.url($0)) }
    sources.append(("minilm", Fixture.miniLM))
    for case (let name, let source?) in sources {
      let encoder = try Fixture.model(source)
      let sequences = texts.map { encoder.tokenizer.encode($0.0, pair: $0.1, maxLength: nil) }
      let batch = TokenBatch(sequences, examples: Array(sequences.indices))
      let logits = try encoder.respond(to: batch, with: [.logits])[.logits]
      let folder = root.appending(path: name)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try encoder.write(to: folder)
      var lines = Data()
      for (index, sequence) in sequences.enumerated() {
        lines += try JSONEncoder().encode(
          Line(
            text: texts[index].0, pair: texts[index].1, ids: sequence.ids, types: sequence.typeIDs,
            logits: logits.rows(index..<index + 1).values))
        lines.append(UInt8(ascii: "\n"))
      }
      try lines.write(to: root.appending(path: "\(name).jsonl"))
    }
  }
}
