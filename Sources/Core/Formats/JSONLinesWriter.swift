import Foundation

/// A writer of files that hold one JSON object per line, such as `metrics.jsonl`.
///
/// Lines are not buffered, so a killed process loses at most the line that it was writing. Keys are sorted. Floating-point
/// values that JSON cannot express become the strings "nan", "inf" and "-inf".
package final class JSONLinesWriter {
  private let file: OpenFile
  private var size: Int
  private let encoder = JSONEncoder()

  /// Opens the file at `url`, and creates it if it does not exist.
  ///
  /// - `append`: Whether existing lines are kept. A last line that a killed process left unfinished is removed. If `false`, the
  ///   file starts empty.
  /// - Throws: ``FormatError`` if `url` cannot be opened or is not a regular file.
  package init(_ url: URL, append: Bool) throws {
    file = try OpenFile(url, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK)
    size = append ? try Self.endOfLastLine(in: file) : 0
    try file.truncate(to: size)
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  }

  /// Appends `object` as one line. If writing fails, for example on a full disk, the file still contains only whole lines.
  ///
  /// - Throws: ``FormatError`` if the line cannot be written, `EncodingError` if `object` cannot be encoded.
  package func write(_ object: some Encodable) throws {
    var line = try encoder.encode(object)
    line.append(UInt8(ascii: "\n"))
    do {
      try file.write(line.bytes)
      size += line.count
    } catch {
      try? file.truncate(to: size)
      throw error
    }
  }

  /// Returns the position after the last line feed, searching backwards from the end of the file.
  private static func endOfLastLine(in file: borrowing OpenFile) throws -> Int {
    var end = try file.size()
    while end > 0 {
      let start = max(0, end - 4096)
      let bytes = try file.bytes(at: start, count: end - start)
      if let newline = bytes.lastIndex(of: UInt8(ascii: "\n")) { return start + newline + 1 }
      end = start
    }
    return 0
  }
}
