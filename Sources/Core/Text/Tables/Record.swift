import DistillFormats

/// A line of a table, or several if a field of CSV has line breaks in it.
struct Record {
  /// The number of its first line.
  let line: Int
  let fields: [String]
}

extension LineReader {
  /// Returns the next line as text without a carriage return at its end, or `nil` at the end.
  mutating func text() throws -> String? {
    guard let bytes = try next() else { return nil }
    return try text(bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes, line: count)
  }

  /// Returns the fields of the next line between tabs, where quotation marks have no special meaning.
  mutating func tabbed() throws -> Record? { try text().map { Record(line: count, fields: Self.fields($0)) } }

  /// Splits a line at tabs. Bytes are split, because a tab and a combining mark after it are a single `Character`.
  static func fields(_ line: String) -> [String] {
    line.utf8.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map { String(Substring($0)) }
  }

  /// Returns the next record of CSV as RFC 4180 describes it, or `nil` at the end.
  ///
  /// A quotation mark that is not at the beginning of a field belongs to its text, as in the readers of Python.
  mutating func commaSeparated(by separator: UInt8) throws -> Record? {
    guard var bytes = try next() else { return nil }
    let (quote, first) = (UInt8(ascii: "\""), count)
    var (fields, field): ([String], [UInt8]) = ([], [])
    var position = bytes.startIndex
    var end = Self.end(of: bytes)
    func finish() throws {
      fields.append(try text(field[...], line: first))
      field = []
    }
    while true {
      if position < end, bytes[position] == quote {
        let opened = (line: count, column: position - bytes.startIndex + 1)
        position += 1
        while position == end || bytes[position] != quote || position + 1 < end && bytes[position + 1] == quote {
          if position < end {
            position += bytes[position] == quote ? 1 : 0  // the first of two, which stand for one
            field.append(bytes[position])
            position += 1
            continue
          }
          field += bytes[end...] + [UInt8(ascii: "\n")]
          guard let next = try next() else {
            throw problem(opened.line, "the quotation mark in column \(opened.column) is never closed")
          }
          (bytes, position, end) = (next, next.startIndex, Self.end(of: next))
        }
        position += 1
        guard position == end || bytes[position] == separator else {
          throw problem(
            count,
            "column \(position - bytes.startIndex + 1): text follows a closing quotation mark; within a field it is written twice"
          )
        }
      } else {
        let stop = bytes[position..<end].firstIndex(of: separator) ?? end
        field += bytes[position..<stop]
        position = stop
        if let place = field.firstIndex(of: UInt8(ascii: "\r")) {
          throw problem(
            first, "field \(fields.count + 1) has a carriage return after \(place) bytes; rows end in LF or CRLF")
        }
      }
      try finish()
      if position == end { return Record(line: first, fields: fields) }
      position += 1
    }
  }

  /// The end of a line without the carriage return of CRLF.
  private static func end(of bytes: ArraySlice<UInt8>) -> Int {
    bytes.last == UInt8(ascii: "\r") ? bytes.endIndex - 1 : bytes.endIndex
  }

  private func text(_ bytes: ArraySlice<UInt8>, line: Int) throws -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var (iterator, parser, valid) = (bytes.makeIterator(), Unicode.UTF8.ForwardParser(), 0)
    while case .valid(let scalar) = parser.parseScalar(from: &iterator) { valid += scalar.count }
    let byte = String(bytes[bytes.startIndex + valid], radix: 16, uppercase: true)
    throw problem(
      line,
      "is not valid UTF-8: byte \(valid + 1) is \(byte); `iconv -f latin1 -t utf-8` converts a file in Latin-1")
  }

  func problem(_ line: Int, _ message: String, column: String? = nil) -> TextFileError {
    TextFileError(named: name, [TextFileError.Problem(line: line, message, column: column)])
  }
}
