import DistillFormats

/// What is in a file of texts.
package struct FileInspection: Sendable {
  /// Two rows of the same text.
  package struct Repetition: Sendable, Encodable {
    package let lines: [Int]
    package let text: String
    /// Their answers, if these differ.
    package let answers: [String]?
  }
  /// What is known of a text that has occurred.
  struct Seen {
    let line: Int
    let answer: Int
    var isDisputed = false
  }

  package let source: TextSource
  package let sample: TableSample
  package let roles: ColumnRoles
  /// The columns and the format that were read, with quotation marks as CSV has them if the file is a quoted TSV.
  package let layout: RowLayout
  /// Whether the file is a TSV whose fields are quoted.
  package internal(set) var isQuoted = false
  package internal(set) var rows = 0
  /// The number of rows of each label.
  package internal(set) var labels: [String: Int] = [:]
  /// The smallest and the largest score.
  package internal(set) var scores: ClosedRange<Double>?
  package internal(set) var lengths = TextLengths()
  /// The number of rows whose text occurs in an earlier row.
  package internal(set) var duplicates = 0
  /// The number of texts that occur with different answers.
  package internal(set) var disputed = 0
  /// The number of rows without a text, or without one of a pair.
  package internal(set) var empty = 0
  /// The first lines of these.
  package internal(set) var emptyLines: [Int] = []
  /// The first duplicates and disputed texts.
  package internal(set) var repetitions: [Repetition] = []
  package internal(set) var disputes: [Repetition] = []
  /// The texts by their checksums, so that long texts take no more memory than short ones.
  var seen: [SIMD2<UInt64>: Seen] = [:]

  /// The number of examples that are kept of whatever is found.
  package static let shown = 5
  /// The number of characters of a text that are shown.
  private static let width = 60

  init(_ source: TextSource, _ sample: TableSample, _ roles: ColumnRoles, _ layout: RowLayout) {
    (self.source, self.sample, self.roles, self.layout) = (source, sample, roles, layout)
  }

  /// The answer as the numbers stand for it that `seen` has.
  private func name(_ answer: Int, _ names: [String]) -> String {
    if case .score = roles.answer { return "\(Float(bitPattern: UInt32(truncatingIfNeeded: answer)))" }
    return names.indices.contains(answer) ? names[answer] : ""
  }

  mutating func add(_ row: Row, _ answer: Int, _ names: [String], length: (String, String?) -> Int) {
    rows += 1
    let texts = row.fields.prefix(layout.texts.count).map(\.text)
    let (text, pair) = (texts[0], texts.count > 1 ? texts[1] : nil)
    lengths.add(length(text, pair))
    if texts.contains(where: { $0.allSatisfy(\.isWhitespace) }) {
      empty += 1
      if emptyLines.count < Self.shown { emptyLines.append(row.line) }
    }
    let mark = Self.mark(texts)
    guard var first = seen[mark] else { return seen[mark] = Seen(line: row.line, answer: answer) }
    duplicates += 1
    let differs = first.answer != answer
    func repetition() -> Repetition {
      let whole = texts.joined(separator: " | ")
      return Repetition(
        lines: [first.line, row.line], text: whole.count > Self.width ? whole.prefix(Self.width - 1) + "…" : whole,
        answers: differs ? [name(first.answer, names), name(answer, names)] : nil)
    }
    if repetitions.count < Self.shown { repetitions.append(repetition()) }
    guard differs, !first.isDisputed else { return }
    disputed += 1
    if disputes.count < Self.shown { disputes.append(repetition()) }
    first.isDisputed = true
    seen[mark] = first
  }

  private static func mark(_ texts: [String]) -> SIMD2<UInt64> {
    var checksum = Checksum()
    for text in texts { checksum.update("\(text.utf8.count) \(text)".utf8) }
    return checksum.first128Bits
  }
}
