import DistillFormats
import DistillOptions
import Foundation

/// A value of a row.
struct Field {
  let text: String
  /// The value of a number. Text of a TSV file that has the form of a number counts as one, but a JSON string never does.
  let number: Double?
}

/// A reader of files of examples, which reports all malformed rows of a file in one error.
struct RowReader {
  /// The name of the file in errors.
  let name: String
  private var problems: [TextFileError.Problem] = []
  private var total = 0

  init(_ name: String) { self.name = name }

  mutating func report(_ line: Int, _ message: String, column: String? = nil) {
    total += 1
    guard problems.count < TextFileError.limit else { return }
    problems.append(TextFileError.Problem(line: line, message, column: column))
  }

  /// Calls `body` with the line number of each row and its fields of `columns`.
  ///
  /// - Parameter plain: Whether a TSV file may consist of these columns alone, without a header.
  /// - Throws: `TextFileError` if a row is malformed, or if `body` has reported a problem.
  mutating func forEachRow(
    _ bytes: [UInt8], _ layout: RowLayout, columns: [String], plain: Bool,
    _ body: (inout RowReader, Int, [Field]) -> Void
  ) throws {
    var lines = lines(bytes)[...]
    var places: (indices: [Int], count: Int) = ([], 0)
    if layout.format == .tsv {
      if let first = lines.first, first.text == nil {
        throw TextFileError(named: name, [TextFileError.Problem(line: first.number, "is not valid UTF-8")])
      }
      var header = layout.impliedHeader ?? []
      if let first = lines.first?.text.map(Self.fields) {
        let isHeader = columns.allSatisfy(first.contains)
        // A first row with as many fields as the implied header belongs to a file in the layout of the task.
        if plain, !isHeader, first.count != header.count { header = columns }
        if plain ? isHeader : header.isEmpty {
          header = first
          lines.removeFirst()
        }
      }
      for column in columns {
        let count = header.count { $0 == column }
        if count == 0 {
          report(1, "there is no column '\(column)'; \(Self.meant(column, among: header))", column: column)
        } else if count > 1 {
          report(1, "the header has the column '\(column)' \(count) times", column: column)
        }
      }
      if total > 0 { throw TextFileError(named: name, problems, total: total) }
      places = (columns.compactMap { header.firstIndex(of: $0) }, header.count)
    }
    var count = 0
    for (line, text) in lines {
      count += 1
      guard let text else {
        report(line, "is not valid UTF-8")
        continue
      }
      if text.isEmpty {
        report(line, "the line is empty")
        continue
      }
      let row = layout.format == .tsv ? tabbed(text, line, places) : json(text, line, columns)
      if let row { body(&self, line, row) }
    }
    if total > 0 { throw TextFileError(named: name, problems, total: total) }
    if count == 0 { throw TextFileError(named: name, [TextFileError.Problem("holds no rows")]) }
  }

  /// Splits a file at LF or CRLF. The last line need not end in one. The text of a line is `nil` if it is not valid UTF-8.
  private func lines(_ bytes: [UInt8]) -> [(number: Int, text: String?)] {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.enumerated().map { index, line in
      (index + 1, String(validating: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self))
    }
  }

  private static func meant(_ column: String, among columns: [String]) -> String {
    let near = column.count > 1 ? nearestNames(to: column, among: columns).first : nil
    return near.map { "did you mean '\($0)'?" } ?? "there are \(columns.joined(separator: ", "))"
  }

  /// Splits a line at tabs. Bytes are split, because a tab and a combining mark after it are a single `Character`.
  private static func fields(_ line: String) -> [String] {
    line.utf8.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map { String(Substring($0)) }
  }

  private mutating func tabbed(_ text: String, _ line: Int, _ places: (indices: [Int], count: Int)) -> [Field]? {
    let fields = Self.fields(text)
    guard fields.count == places.count else {
      report(line, "has \(fields.count) columns where \(places.count) are expected")
      return nil
    }
    return places.indices.map { Field(text: fields[$0], number: Double(fields[$0])) }
  }

  private mutating func json(_ text: String, _ line: Int, _ columns: [String]) -> [Field]? {
    let object: JSON
    do {
      object = try JSON(parsing: Array(text.utf8))
    } catch {
      report(line, "is not JSON: \(error.message)")
      return nil
    }
    guard object.object != nil else {
      report(line, "is not a JSON object")
      return nil
    }
    var fields: [Field] = []
    for column in columns {
      switch object[column] {
      case .string(let text): fields.append(Field(text: text, number: nil))
      case .number(let number):
        fields.append(Field(text: Int(exactly: number).map(String.init) ?? "\(number)", number: number))
      case .bool(let flag): fields.append(Field(text: "\(flag)", number: nil))
      case nil:
        let members = object.object?.map(\.key) ?? []
        report(line, "has no member '\(column)'; \(Self.meant(column, among: members))", column: column)
      default: report(line, "the member '\(column)' is neither text nor a number")
      }
    }
    return fields.count == columns.count ? fields : nil
  }
}
