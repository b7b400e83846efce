import DistillFormats
import DistillOptions
import Foundation

/// An error that lists everything that is wrong with a text file.
public struct TextFileError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
  /// One of the problems of a file.
  package struct Problem: Sendable, Equatable {
    /// The line, counted from 1, or `nil` if the problem concerns the whole file.
    package let line: Int?
    package let message: String
    /// The name of the column, if the problem is that it is missing.
    package let column: String?

    package init(line: Int? = nil, _ message: String, column: String? = nil) {
      self.line = line
      self.message = message.escapingControls()  // the message may quote text from the file
      self.column = column
    }
  }

  /// The largest number of problems that an error lists.
  package static let limit = 20

  public let file: String
  /// The first problems, at most `limit`.
  package let problems: [Problem]
  /// The number of all problems, including those that are not listed.
  package let total: Int

  package init(_ file: URL, _ problems: [Problem], total: Int? = nil) {
    self.init(named: file.path, problems, total: total)
  }

  /// Creates an error about text that need not come from a file, such as standard input.
  package init(named name: String, _ problems: [Problem], total: Int? = nil) {
    self.file = name
    self.problems = Array(problems.prefix(Self.limit))
    self.total = total ?? problems.count
  }

  package init(_ file: URL, line: Int? = nil, _ message: String) {
    self.init(file, [Problem(line: line, message)])
  }

  public var description: String {
    var lines = problems.map { problem in
      file + (problem.line.map { ":\($0)" } ?? "") + ": " + problem.message
    }
    if total > problems.count {
      lines.append("\(file): \(total - problems.count) more problems of this kind")
    }
    return lines.joined(separator: "\n")
  }

  public var errorDescription: String? { description }

  /// The first problem, with its place.
  package var firstProblem: String { "\(TextFileError(named: file, Array(problems.prefix(1))))" }

  /// Where to look besides, in words, or `nil` if there are no other lines with problems.
  package var otherLines: String? {
    let lines = problems.compactMap(\.line)
    let others = lines.enumerated().filter { !lines[..<$0.offset].contains($0.element) && $0.offset > 0 }
      .prefix(5).map { String($0.element) }
    return others.isEmpty ? nil : "look at line \(others.joined(separator: ", ")) too"
  }
}

extension TextFileError {
  /// Returns the bytes of a text file without a byte-order mark. Throws if the file cannot be read or is empty.
  package static func bytes(of file: URL) throws -> [UInt8] {
    let data: Data
    do { data = try contents(of: file) } catch { throw TextFileError(file, "cannot be read: \(error)") }
    let bytes = withoutByteOrderMark([UInt8](data))
    if bytes.isEmpty { throw TextFileError(file, "is empty") }
    return bytes
  }
}

/// Returns the bytes of a text without the byte-order mark that some editors insert at its beginning.
package func withoutByteOrderMark(_ bytes: [UInt8]) -> [UInt8] {
  bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
}
