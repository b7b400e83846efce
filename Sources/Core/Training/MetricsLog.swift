import DistillCore
import Foundation

/// The file `metrics.jsonl`, with one JSON object in each line, and the same figures for TensorBoard if they are wanted.
package final class MetricsLog {
  private let url: URL
  private var writer: JSONLinesWriter
  private let tensorBoard: TensorBoardLog?

  /// Opens the file.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - append: Whether its contents are kept, because the run is resumed.
  ///   - tensorBoard: A folder for event files of TensorBoard. They are made from what the file contains, so that a run may begin
  ///     without them.
  package init(_ url: URL, append: Bool, tensorBoard: URL? = nil) throws {
    self.url = url
    self.tensorBoard = try tensorBoard.map { folder in
      let old = append && FileManager.default.fileExists(atPath: url.path)
      let values = try? url.resourceValues(forKeys: [.contentModificationDateKey])
      return try TensorBoardLog(
        folder, records: old ? Self.records(in: url) : [], endedAt: values?.contentModificationDate ?? .now)
    }
    writer = try JSONLinesWriter(url, append: append)
  }

  func write(_ record: MetricsRecord) throws {
    try writer.write(record)
    try tensorBoard?.write(record, at: .now)
  }

  /// Removes the lines of a phase that come after a step. The resumed training writes them again.
  func rewind(phase: String, toStep step: Int) throws {
    struct Place: Decodable { let phase: String, step: Int }
    let kept = try FileSystem.text(of: url).split(separator: "\n").filter { line in
      guard let place = try? JSONDecoder().decode(Place.self, from: Data(line.utf8)) else { return true }
      return place.phase != phase || place.step <= step
    }
    try AtomicFile.write(Data(kept.map { $0 + "\n" }.joined().utf8), to: url)
    writer = try JSONLinesWriter(url, append: true)
    try tensorBoard?.rewind(phase: phase, toStep: step)
  }

  /// Reads the records of a file. Lines of other kinds are left out, and so is a last line that a killed process has not finished.
  ///
  /// - Throws: `FormatError` if the file cannot be read.
  package static func records(in url: URL) throws -> [MetricsRecord] {
    try FileSystem.text(of: url).split(separator: "\n").compactMap { record(in: $0) }
  }

  /// Returns the record in a line, or `nil` if there is none.
  package static func record(in line: Substring) -> MetricsRecord? {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try? decoder.decode(MetricsRecord.self, from: Data(line.utf8))
  }
}
