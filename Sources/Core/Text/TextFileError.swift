import DistillFormats
import DistillOptions
import Foundation

/// What is wrong with a file of text: every broken place of it in one error.
public struct TextFileError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
  public struct Problem: Sendable, Equatable {
    /// The line, counted from 1, or `nil` if the whole file is meant.
    public let line: Int?
    public let message: String
    /// The column that is not there, where that is the problem.
    public let column: String?

    public init(line: Int? = nil, _ message: String, column: String? = nil) {
      self.line = line
      self.message = message.escapingControls()  // it may quote what the file says
      self.column = column
    }
  }

  /// How many problems of one file are kept.
  public static let limit = 20

  public let file: String
  /// The first problems, at most `limit`.
  public let problems: [Problem]
  /// How many problems there are in all.
  public let total: Int

  public init(_ file: URL, _ problems: [Problem], total: Int? = nil) {
    self.init(named: file.path, problems, total: total)
  }

  /// - Parameter name: what is shown of a file, or of what is none.
  package init(named name: String, _ problems: [Problem], total: Int? = nil) {
    self.file = name
    self.problems = Array(problems.prefix(Self.limit))
    self.total = total ?? problems.count
  }

  public init(_ file: URL, line: Int? = nil, _ message: String) {
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
}

extension TextFileError {
  /// The bytes of a file that must be UTF-8 and not empty; a byte-order mark is taken off.
  package static func bytes(of file: URL) throws -> [UInt8] { try lines(of: file).bytes }

  /// The same, or the whole lines among the first so many bytes; and whether these are all.
  static func lines(of file: URL, atMost count: Int? = nil) throws -> (bytes: [UInt8], isWhole: Bool) {
    var data: Data
    do { data = try contents(of: file, atMost: count) } catch {
      throw TextFileError(file, "cannot be read: \(error)")
    }
    let isWhole = count.map { data.count < $0 } ?? true
    if !isWhole {
      guard let end = data.lastIndex(of: UInt8(ascii: "\n")) else { return try lines(of: file) }
      data = data[...end]
    }
    let bytes = withoutByteOrderMark([UInt8](data))
    if bytes.isEmpty { throw TextFileError(file, "is empty") }
    return (bytes, isWhole)
  }
}

/// The bytes of a text without the mark that some editors put before it.
package func withoutByteOrderMark(_ bytes: [UInt8]) -> [UInt8] {
  bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
}
