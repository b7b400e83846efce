import DistillFormats
import Foundation

/// Reads a file of examples row by row, without keeping the rows that were read.
package struct RowReader: ~Copyable {
  private var lines: LineReader
  private let layout: RowLayout
  private let columns: [String]
  private var head: Head

  /// What a file begins with.
  private struct Head {
    var header: [String] = []
    /// The positions of the columns that are read among those of the file.
    var places: [Int] = []
    var isPlain = false
    /// The first record, if it is not a header.
    var first: Record?
    var lines = 0
  }

  /// - Parameters:
  ///   - columns: The columns that are read.
  ///   - plain: Whether the file may consist of the texts alone, without a header.
  /// - Throws: ``TextFileError`` if the file cannot be read or lacks a column.
  init(_ lines: consuming LineReader, _ layout: RowLayout, columns: [String], plain: Bool) throws {
    head = layout.format == .jsonl ? Head() : try Self.head(of: &lines, layout, columns, plain)
    (self.layout, self.columns) = (layout, columns)
    self.lines = lines
  }

  /// The columns of the file in their order. Empty for JSON Lines, and for a file of texts alone.
  package var header: [String] { head.header }
  /// Whether the file has texts alone: one in each line, or the texts of a pair with a tab between them.
  package var isPlain: Bool { head.isPlain }

  private static func head(of lines: inout LineReader, _ layout: RowLayout, _ columns: [String], _ plain: Bool) throws
    -> Head
  {
    var head = Head(header: layout.format == .tsv ? layout.impliedHeader ?? [] : [])
    let isCSV = layout.format == .csv
    var record: Record?
    if plain, isCSV, let text = try lines.text() {
      // Unless it is a header, a comma is a part of the text.
      var line = LineReader(Array(text.utf8), named: lines.name)
      let fields = (try? line.commaSeparated(by: layout.separator))?.fields ?? []
      record = Record(line: 1, fields: columns.allSatisfy(fields.contains) ? fields : LineReader.fields(text))
    } else {
      record = try isCSV ? lines.commaSeparated(by: layout.separator) : lines.tabbed()
    }
    if let record {
      let isHeader = columns.allSatisfy(record.fields.contains)
      // A first row with as many fields as the implied header belongs to a file in the layout of the task.
      head.isPlain = plain && !isHeader && (head.header.isEmpty || record.fields.count != head.header.count)
      if plain ? isHeader : head.header.isEmpty { head.header = record.fields } else { head.first = record }
    }
    head.lines = head.first == nil ? lines.count : 0
    if head.isPlain {
      (head.header, head.places) = ([], Array(columns.indices))
      return head
    }
    var problems: [TextFileError.Problem] = []
    for column in columns {
      let count = head.header.count { $0 == column }
      if count == 1 { continue }
      let message =
        count == 0
        ? "there is no column '\(column)'; \(meant(column, among: head.header))\(hint(head.header, layout))"
        : "the header has the column '\(column)' \(count) times"
      problems.append(TextFileError.Problem(line: 1, message, column: column))
    }
    if !problems.isEmpty { throw TextFileError(named: lines.name, problems) }
    head.places = columns.compactMap { head.header.firstIndex(of: $0) }
    return head
  }

  /// A header that is a single field may have been split at the wrong character.
  private static func hint(_ header: [String], _ layout: RowLayout) -> String {
    guard header.count == 1, layout.format == .csv else { return "" }
    let other = [(";", "';'"), ("\t", "tab"), ("|", "'|'")].first { header[0].contains($0.0) }
    return other.map { "; `separator: \($0.1)` may be missing" } ?? ""
  }

  /// Whether the next row is known without waiting for further bytes.
  package var isReady: Bool { head.first != nil || lines.isReady }

  /// The number of bytes that were read.
  var size: Int { lines.size }

  /// Returns the next row, or `nil` at the end.
  ///
  /// - Throws: ``TextFileError`` if it is malformed, in which case the next call goes on with the row behind it, or if there are no rows
  ///   at all.
  package mutating func next() throws -> Row? {
    let row = try layout.format == .jsonl ? json() : cells()
    if row == nil, lines.count == head.lines {
      throw TextFileError(named: lines.name, [TextFileError.Problem("holds no rows")])
    }
    return row
  }

  private mutating func cells() throws -> Row? {
    let isTabbed = isPlain || layout.format == .tsv
    let next = try head.first ?? (isTabbed ? lines.tabbed() : lines.commaSeparated(by: layout.separator))
    head.first = nil
    guard let record = next else { return nil }
    let count = isPlain ? columns.count : header.count
    if record.fields == [""] { throw lines.problem(record.line, "the line is empty") }
    guard record.fields.count == count else {
      throw lines.problem(record.line, "has \(record.fields.count) columns where \(count) are expected")
    }
    return Row(
      line: record.line, fields: head.places.map { Field(cell: record.fields[$0]) },
      cells: isPlain ? [] : record.fields,
      json: nil)
  }

  private mutating func json() throws -> Row? {
    guard let text = try lines.text() else { return nil }
    if text.isEmpty { throw lines.problem(lines.count, "the line is empty") }
    let object: JSON
    do { object = try JSON(parsing: Array(text.utf8)) } catch {
      throw lines.problem(lines.count, "is not JSON: \(error.message)")
    }
    guard object.object != nil else { throw lines.problem(lines.count, "is not a JSON object") }
    do {
      let fields = try columns.map { column in
        try Field(column, of: object, mayBeList: layout.labelSeparator != nil && column == layout.target)
      }
      return Row(line: lines.count, fields: fields, cells: [], json: text)
    } catch let problem as RowProblem {
      throw lines.problem(lines.count, problem.message, column: problem.column)
    }
  }
}

extension RowReader {
  /// Calls `body` with every row, and reports all that are malformed in one error.
  ///
  /// - Parameters:
  ///   - count: The number of bytes after which no further row is read.
  ///   - body: Called with a row. It can throw ``RowProblem``.
  /// - Returns: Whether all rows were read.
  /// - Throws: ``TextFileError``.
  @discardableResult
  package mutating func forEach(atMost count: Int? = nil, _ body: (Row) throws -> Void) throws -> Bool {
    var (problems, total) = ([TextFileError.Problem](), 0)
    var (isWhole, line) = (false, 0)
    while count.map({ size < $0 || line == 0 }) ?? true {
      do {
        guard let row = try next() else {
          isWhole = true
          break
        }
        line = row.line
        try body(row)
      } catch let problem as RowProblem {
        total += 1
        problems.append(TextFileError.Problem(line: line, problem.message, column: problem.column))
      } catch let error as TextFileError {
        total += error.total
        problems += error.problems
        if error.problems.contains(where: { $0.line == nil }) { break }  // nothing more can be read
      }
      if problems.count > TextFileError.limit { problems.removeLast() }
    }
    if total > 0 { throw TextFileError(named: lines.name, problems, total: total) }
    return isWhole
  }
}
