import Foundation

/// A text in which diagnostics have their positions: a file, or one `--set` override of the command line.
package final class SourceText: Sendable {
  /// The name in messages: the path as it was given, or `--set training.epochs`.
  package let name: String
  package let lines: [Substring]
  /// The folder that relative paths in the text start from.
  package let folder: URL
  package let order: Order

  /// The order in which diagnostics of several texts are sorted.
  ///
  /// The file that was given comes first, then the files that it extends, then the overrides in the order of the command line.
  package enum Order: Comparable {
    case file(Int)
    case override(Int)
  }

  package init(name: String, text: String, folder: URL, order: Order) {
    self.name = name
    self.folder = folder
    self.order = order
    // These are the line breaks of libyaml as well: LF, CR, CRLF, NEL, LS and PS.
    lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
  }

  package var isFile: Bool { if case .file = order { true } else { false } }
}

/// A range within one line of a source. Lines and columns start at 1, and columns count Unicode scalars.
public struct SourceRange: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let source: SourceText
  public let line: Int
  public let column: Int
  /// The number of scalars to underline. A range of several lines ends with its first line.
  package let length: Int

  package init(source: SourceText, line: Int, column: Int, length: Int) {
    (self.source, self.line, self.column, self.length) = (source, line, column, length)
  }

  /// `file:line:column`, or only the name of an override of the command line.
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
