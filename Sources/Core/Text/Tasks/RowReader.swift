import DistillFormats
import DistillOptions
import Foundation

/// A value of a row: text, or a number where JSON has one.
struct Field {
  let text: String
  /// The number it is; of text, the number that it spells.
  let number: Double?
}

/// The rows of a file as lists of fields. Every broken row is reported, in one error.
struct RowReader {
  /// What errors call the file.
  let name: String
  private var problems: [TextFileError.Problem] = []
  private var total = 0

  init(_ name: String) { self.name = name }

  mutating func report(_ line: Int, _ message: String, column: String? = nil) {
    total += 1
    guard problems.count < TextFileError.limit else { return }
    problems.append(TextFileError.Problem(line: line, message, column: column))
  }

  /// Calls `body` with each row's line and the fields of `columns` in it.
  ///
  /// - Parameter plain: a TSV file without a header that could be `layout`'s holds the columns, and nothing else.
  /// - Throws: `TextFileError` if a row is broken, or if `body` reported one.
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

  /// Lines end in LF or CRLF; the last one may lack it. The text is `nil` where it is not UTF-8.
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

  /// A tab followed by a combining mark is one `Character`; fields are cut between scalars.
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
