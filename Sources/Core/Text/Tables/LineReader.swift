import DistillFormats
import DistillOptions
import Foundation

/// Splits a text at each line feed. The last line need not end in one, and a byte-order mark is left out.
struct LineReader: ~Copyable {
  /// The name of the text in errors.
  let name: String
  private var stream: ByteStream?
  /// The bytes that have been read, and where the next line begins in them.
  private var bytes: [UInt8]
  private var start = 0
  private var isAtStart = true
  /// The number of lines that were returned, which is the number of the last one.
  private(set) var count = 0
  /// The number of bytes of these lines.
  private(set) var size = 0

  /// - Throws: ``TextFileError`` if the file cannot be opened.
  init(_ file: URL) throws {
    name = file.path
    do { stream = try ByteStream(file) } catch {
      let reason =
        FileManager.default.isReadableFile(atPath: file.path) ? "\(error)" : UnreadableFile(file, error).description
      throw TextFileError(file, "cannot be read: \(reason)")
    }
    bytes = []
  }

  init(_ stream: consuming ByteStream, named name: String) {
    self.stream = consume stream
    (bytes, self.name) = ([], name)
  }

  init(_ bytes: [UInt8], named name: String) {
    stream = nil
    (self.bytes, self.name) = (bytes, name)
  }

  /// Whether the next line is known without waiting for further bytes.
  var isReady: Bool { stream == nil || bytes[start...].contains(UInt8(ascii: "\n")) }

  /// Returns the bytes of the next line without its line feed, or `nil` at the end.
  ///
  /// - Throws: ``TextFileError`` if the text cannot be read, is empty, or is UTF-16.
  mutating func next() throws -> ArraySlice<UInt8>? {
    var searched = start
    while true {
      if isAtStart, bytes.count > 2 || stream == nil { try skipMark() }
      if !isAtStart, let end = bytes[max(searched, start)...].firstIndex(of: UInt8(ascii: "\n")) {
        return line(upTo: end, next: end + 1)
      }
      guard stream != nil else { return start < bytes.count ? line(upTo: bytes.count, next: bytes.count) : nil }
      searched = bytes.count - start
      bytes.removeSubrange(..<start)
      start = 0
      try read()
    }
  }

  private mutating func line(upTo end: Int, next: Int) -> ArraySlice<UInt8> {
    count += 1
    size += next - start
    defer { start = next }
    return bytes[start..<end]
  }

  private mutating func read() throws {
    do {
      if let piece = try stream?.next() { bytes += piece } else { stream = nil }
    } catch let error as FormatError {
      throw TextFileError(named: name, [TextFileError.Problem(error.message)])
    }
  }

  private mutating func skipMark() throws {
    isAtStart = false
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw TextFileError(
        named: name, [TextFileError.Problem("is UTF-16, not UTF-8; `iconv -f utf-16 -t utf-8` converts it")])
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
    if bytes.count == start { throw TextFileError(named: name, [TextFileError.Problem("is empty")]) }
  }
}
