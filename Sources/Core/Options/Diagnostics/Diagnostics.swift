import Foundation

/// Everything that is wrong with a file, in order of position. Warnings may be among it.
public struct Diagnostics: Error, Sendable, CustomStringConvertible, LocalizedError {
  public let list: [Diagnostic]
  /// Whether there were more than anybody would read.
  package let isTruncated: Bool

  private static let limit = 100

  /// Sorts, and drops repetitions: a mistake behind an anchor would be told once per alias.
  package init(_ list: [Diagnostic]) {
    var seen: Set<Diagnostic> = []
    // The order of discovery settles ties, so that the same file always gives the same text.
    let sorted = list.filter { seen.insert($0).inserted }.enumerated()
      .sorted { ($0.element.range, $0.offset) < ($1.element.range, $1.offset) }.map(\.element)
    self.list = Array(sorted.prefix(Self.limit))
    isTruncated = sorted.count > Self.limit
  }

  public var hasErrors: Bool { list.contains { $0.severity == .error } }

  public init(_ one: Diagnostic) { self.init([one]) }

  /// Those of several files, one file after the other; what two of them inherit is told once.
  package init(joining several: [Diagnostics]) {
    var seen: Set<String> = []
    let all = several.flatMap(\.list).filter { seen.insert($0.rendered()).inserted }
    list = Array(all.prefix(Self.limit))
    isTruncated = all.count > Self.limit || several.contains(where: \.isTruncated)
  }

  /// One block per diagnostic, with a blank line between; see `Diagnostic.rendered`.
  public func rendered(colour: Bool = false) -> String {
    list.map { $0.rendered(colour: colour) }.joined(separator: "\n\n")
      + (isTruncated ? "\n\nonly the first \(list.count) of them are shown" : "")
  }

  /// An array of objects with `severity`, `message`, `file`, `line`, `column`, `length`, `source` and `hint`.
  package func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(list)
  }

  public var description: String { rendered() }
  public var errorDescription: String? { rendered() }
}
