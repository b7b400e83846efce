import DistillFormats
import Foundation

/// Texts that can be read several times: a file, or everything that came through a pipe.
package struct TextSource: Sendable {
  /// The name in messages.
  package let name: String
  /// The file, unless the texts came from standard input.
  package let file: URL?
  /// What came through a pipe, which can be read only once.
  private let bytes: [UInt8]?

  /// - Throws: ``TextFileError`` if a pipe cannot be read. A file is opened by those who read it.
  package init(_ file: URL, named name: String? = nil) throws {
    let path = file.resolvingSymlinksInPath().path
    let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    (self.name, self.file) = (name ?? file.path, file)
    do { bytes = try type == .typeRegular ? nil : Self.all(of: ByteStream(file)) } catch let error as FormatError {
      throw TextFileError(file, "cannot be read: \(error.message)")
    }
  }

  private init(bytes: [UInt8]) { (name, file, self.bytes) = ("standard input", nil, bytes) }

  /// Reads standard input to its end.
  package static func standardInput() throws -> TextSource {
    do { return TextSource(bytes: try all(of: .standardInput())) } catch let error as FormatError {
      throw TextFileError(named: "standard input", [TextFileError.Problem(error.message)])
    }
  }

  private static func all(of stream: consuming ByteStream) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while let piece = try stream.next() { bytes += piece }
    return bytes
  }

  func lines() throws -> LineReader {
    if let bytes { return LineReader(bytes, named: name) }
    return try file.map { try LineReader($0) } ?? LineReader([], named: name)
  }
}
