import ArgumentParser
import DistillBERT
import DistillCore
import Foundation

/// The vectors of texts, for ``Search``.
struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Embed texts, a line each, as rows of float32 of length 1: MiniLM in bfloat16, mean pooled, 64 tokens at most.")

  @Argument(help: "A model's folder.") var model: String
  @Argument(help: "Texts, a line each.") var texts: String
  @Argument(help: "The file of vectors to write.") var vectors: String

  /// Texts of a batch, and batches of a share that is written at once.
  private static let (batch, share) = (64, 64)

  func run() throws {
    try Precision.bfloat16.check()
    let encoder = try BERTEncoder(URL(filePath: model), readout: .mean)
    let texts = try String(contentsOfFile: texts, encoding: .utf8).split(separator: "\n").map(String.init)
    guard FileManager.default.createFile(atPath: vectors, contents: nil),
      let file = FileHandle(forWritingAtPath: vectors)
    else { throw ValidationError("\(vectors) cannot be written") }
    for start in stride(from: 0, to: texts.count, by: Self.batch * Self.share) {
      let share = Array(texts[start..<min(start + Self.batch * Self.share, texts.count)])
      let sequences = share.map { encoder.tokenizer.encode($0, pair: nil, maxLength: 64) }
      // Texts of like length together, as long as they stay in one share.
      let order = share.indices.sorted { (sequences[$0].ids.count, $0) < (sequences[$1].ids.count, $1) }
      let parts = (order.count + Self.batch - 1) / Self.batch
      let found: [[(Int, [Float])]] = try Compute.$precision.withValue(.bfloat16) {
        try (0..<parts).map { part in
          let rows = order[part * Self.batch..<min((part + 1) * Self.batch, order.count)]
          let response = try encoder.respond(
            to: TokenBatch(rows.map { sequences[$0] }, examples: Array(rows)), with: [.embedding])
          let unit = try response[.embedding].l2Normalised().values
          return rows.enumerated().map {
            ($1, Array(unit[$0 * unit.count / rows.count..<($0 + 1) * unit.count / rows.count]))
          }
        }
      }
      var rows = [[Float]](repeating: [], count: share.count)
      for (row, vector) in found.joined() { rows[row] = vector }
      rows.joined().map { $0 }.withUnsafeBytes { file.write(Data($0)) }
      note("\(start + share.count) of \(texts.count)")
    }
  }
}
