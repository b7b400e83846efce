import Foundation

/// All mistakes in a file in order of position, possibly with warnings among them.
public struct Diagnostics: Error, Sendable, CustomStringConvertible, LocalizedError {
  /// The mistakes and warnings, at most 100.
  public let list: [Diagnostic]
  /// Whether some were left out because nobody would read so many.
  package let isTruncated: Bool

  private static let limit = 100

  /// Sorts diagnostics and removes repetitions: a mistake in an anchored value occurs once more for every alias of it.
  package init(_ list: [Diagnostic]) {
    var seen: Set<Diagnostic> = []
    // The order of discovery settles ties, so that the same file always gives the same text.
    let sorted = list.filter { seen.insert($0).inserted }.enumerated()
      .sorted { ($0.element.range, $0.offset) < ($1.element.range, $1.offset) }.map(\.element)
    self.list = Array(sorted.prefix(Self.limit))
    isTruncated = sorted.count > Self.limit
  }

  /// Whether there are mistakes that are more than warnings.
  public var hasErrors: Bool { list.contains { $0.severity == .error } }

  public init(_ one: Diagnostic) { self.init([one]) }

  /// Joins the diagnostics of several files, one file after the other. A mistake that files inherit from the same base occurs
  /// once.
  package init(joining several: [Diagnostics]) {
    var seen: Set<String> = []
    let all = several.flatMap(\.list).filter { seen.insert($0.rendered()).inserted }
    list = Array(all.prefix(Self.limit))
    isTruncated = all.count > Self.limit || several.contains(where: \.isTruncated)
  }

  /// Returns one block of text for each diagnostic, with a blank line between blocks; see ``Diagnostic/rendered(colour:)``.
  public func rendered(colour: Bool = false) -> String {
    list.map { $0.rendered(colour: colour) }.joined(separator: "\n\n")
      + (isTruncated ? "\n\nonly the first \(list.count) of them are shown" : "")
  }

  /// Returns a JSON array of objects with `severity`, `message`, `file`, `line`, `column`, `length`, `source` and `hint`.
  package func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(list)
  }

  public var description: String { rendered() }
  public var errorDescription: String? { rendered() }
}
