/// Checks that bytes are JSON as RFC 8259 has it, and says where they are not.
///
/// Foundation's decoder takes commas at the end of arrays, and does not say where a mistake is.
struct JSONSyntax {
  private let bytes: [UInt8]
  private var position = 0

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// - Throws: ``APIError`` with 400 that names the line and the column, in bytes.
  static func check(_ bytes: [UInt8]) throws(APIError) {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw APIError(.badRequest, "the body is not JSON: it is not UTF-8")
    }
    var syntax = JSONSyntax(bytes)
    try syntax.value(depth: 1)
    syntax.skipSpace()
    if syntax.position < bytes.count { throw syntax.error("something follows the value") }
  }

  private func error(_ message: String) -> APIError {
    let before = bytes[..<min(position, bytes.count)]
    let line = 1 + before.count { $0 == UInt8(ascii: "\n") }
    let column = 1 + before.count - ((before.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1)
    return APIError(.badRequest, "the body is not JSON: line \(line), column \(column): \(message)")
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(APIError) {
    // Deeper nesting means nothing to any route, and could overflow the stack.
    guard depth <= 32 else { throw error("nested more than 32 deep") }
    if take("{") {
      if take("}") { return }
      repeat {
        skipSpace()
        guard next == UInt8(ascii: "\"") else { throw error("a name in quotes is expected") }
        try string()
        guard take(":") else { throw error("':' is expected") }
        try value(depth: depth + 1)
      } while take(",")
      guard take("}") else { throw error("',' or '}' is expected") }
    } else if take("[") {
      if take("]") { return }
      repeat { try value(depth: depth + 1) } while take(",")
      guard take("]") else { throw error("',' or ']' is expected") }
    } else if next == UInt8(ascii: "\"") {
      try string()
    } else {
      try word()
    }
  }

  private mutating func string() throws(APIError) {
    position += 1
    while let byte = next, byte != UInt8(ascii: "\"") {
      if byte < 0x20 { throw error("a control character in a string must be escaped") }
      position += 1
      guard byte == UInt8(ascii: "\\") else { continue }
      guard let escaped = next, "\"\\/bfnrtu".utf8.contains(escaped) else { throw error("an unknown escape") }
      position += 1
    }
    guard next != nil else { throw error("a string has no end") }
    position += 1
  }

  /// Reads a number, `true`, `false` or `null`.
  private mutating func word() throws(APIError) {
    let start = position
    while let byte = next, !", \t\r\n]}:\"[{".utf8.contains(byte) { position += 1 }
    let word = String(decoding: bytes[start..<position], as: UTF8.self)
    if ["true", "false", "null"].contains(word) { return }
    if word.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil { return }
    position = start
    throw error(word.isEmpty ? "a value is expected" : "this is no value of JSON")
  }
}
