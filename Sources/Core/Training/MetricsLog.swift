import DistillCore
import Foundation

/// The file `metrics.jsonl`, with one JSON object in each line.
package final class MetricsLog {
  private let url: URL
  private var writer: JSONLinesWriter

  /// Opens the file. If `append` is `true`, its contents are kept, because the run is resumed.
  package init(_ url: URL, append: Bool) throws {
    self.url = url
    writer = try JSONLinesWriter(url, append: append)
  }

  func write(_ record: some Encodable) throws { try writer.write(record) }

  /// Removes the lines of a phase that come after a step. The resumed training writes them again.
  func rewind(phase: String, toStep step: Int) throws {
    struct Place: Decodable { let phase: String, step: Int }
    let kept = try FileSystem.text(of: url).split(separator: "\n").filter { line in
      guard let place = try? JSONDecoder().decode(Place.self, from: Data(line.utf8)) else { return true }
      return place.phase != phase || place.step <= step
    }
    try AtomicFile.write(Data(kept.map { $0 + "\n" }.joined().utf8), to: url)
    writer = try JSONLinesWriter(url, append: true)
  }
}
