import Foundation

/// A growing file of one JSON object per line, such as `metrics.jsonl`.
///
/// A line is handed to the system as soon as it is written, so a killed process loses none but the one it was writing.
/// Keys are sorted; floats that JSON cannot express become the strings "nan", "inf" and "-inf".
public final class JSONLinesWriter {
  private let file: OpenFile
  private var size: Int
  private let encoder = JSONEncoder()

  /// Opens `url`, making it if need be.
  ///
  /// - `append`: Keeps the lines that are there, and cuts off a last one that a killed process left unfinished;
  ///   otherwise the file starts empty.
  /// Throws `FormatError` when `url` cannot be opened or is not a regular file.
  public init(_ url: URL, append: Bool) throws {
    file = try OpenFile(url, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK)
    size = append ? try Self.endOfLastLine(in: file) : 0
    try file.truncate(to: size)
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  }

  /// Appends `object` as one line. When that fails, on a full disk say, the file keeps only whole lines.
  ///
  /// Throws `FormatError` when it cannot be written, `EncodingError` when it cannot be expressed.
  public func write(_ object: some Encodable) throws {
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
