import Foundation

/// A text that positions point into: a file, or one override of the command line.
package final class SourceText: Sendable {
  /// What is shown to people: the path as it was given, or `--set training.epochs`.
  package let name: String
  package let lines: [Substring]
  /// What relative paths in the text are relative to.
  package let folder: URL
  package let order: Order

  /// Diagnostics are sorted by this: the file that was named, what it extends and so on, then the overrides as given.
  package enum Order: Comparable {
    case file(Int)
    case override(Int)
  }

  package init(name: String, text: String, folder: URL, order: Order) {
    self.name = name
    self.folder = folder
    self.order = order
    // The same line breaks as libyaml's: LF, CR, CRLF, NEL, LS and PS.
    lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
  }

  package var isFile: Bool { if case .file = order { true } else { false } }
}

/// A stretch of one line of a source. Lines and columns begin at 1; a column is a Unicode scalar.
public struct SourceRange: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let source: SourceText
  public let line: Int
  public let column: Int
  /// How many scalars to underline; a range that goes on in later lines is cut at the end of its first one.
  package let length: Int

  package init(source: SourceText, line: Int, column: Int, length: Int) {
    (self.source, self.line, self.column, self.length) = (source, line, column, length)
  }

  /// `file:line:column`, or the name alone for an override of the command line.
  public var description: String { source.isFile ? "\(source.name):\(line):\(column)" : source.name }

  package var sourceLine: Substring { source.lines.indices.contains(line - 1) ? source.lines[line - 1] : "" }

  public static func == (a: SourceRange, b: SourceRange) -> Bool {
    a.source === b.source && (a.line, a.column, a.length) == (b.line, b.column, b.length)
  }

  public static func < (a: SourceRange, b: SourceRange) -> Bool {
    (a.source.order, a.line, a.column) < (b.source.order, b.line, b.column)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(line)
    hasher.combine(column)
  }
}
