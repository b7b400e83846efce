/// A JSON value whose objects keep the order and the exact spelling of their keys.
///
/// `JSONSerialization` cannot be used for vocabularies. It stores keys in a dictionary of strings, where Swift treats canonically
/// equivalent strings as the same key, but a vocabulary may contain both spellings of "é" as two tokens.
package enum JSON {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([(key: String, value: JSON)])

  package struct SyntaxError: Error {
    package let line: Int
    /// The byte of the line at which nothing more could be read, counted from 1.
    package let column: Int
    package let message: String
  }

  package init(parsing bytes: [UInt8]) throws(SyntaxError) {
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }

  /// The member of an object with this key; `nil` if it is missing or null, or if the value is not an object.
  ///
  /// If a key is repeated, its last value counts, as in most JSON parsers.
  package subscript(key: String) -> JSON? {
    guard case .object(let members) = self,
      let value = members.last(where: { $0.key.isIdentical(to: key) })?.value
    else { return nil }
    if case .null = value { return nil }
    return value
  }

  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var number: Double? { if case .number(let value) = self { value } else { nil } }
  package var int: Int? { number.flatMap { Int(exactly: $0) } }
  package var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
  package var object: [(key: String, value: JSON)]? { if case .object(let value) = self { value } else { nil } }

  /// Returns `text` as a JSON string, including the quotes.
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{0}"..<" ", "\u{7F}", "\u{2028}", "\u{2029}":
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// A recursive-descent parser of JSON (RFC 8259). Nesting is limited, so that no input can overflow the stack.
struct JSONParser {
  private let bytes: [UInt8]
  private var position: Int
  private var depth = 0

  init(bytes: [UInt8], from position: Int = 0) { (self.bytes, self.position) = (bytes, position) }

  mutating func document() throws(JSON.SyntaxError) -> JSON {
    let result = try value()
    skipSpace()
    guard position == bytes.count else { throw error("something follows the JSON value") }
    return result
  }

  private func error(_ message: String) -> JSON.SyntaxError {
    let before = bytes[..<min(position, bytes.count)]
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return JSON.SyntaxError(
      line: 1 + before.count { $0 == UInt8(ascii: "\n") }, column: 1 + before.count - start, message: message)
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

  private mutating func value() throws(JSON.SyntaxError) -> JSON {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 64 else { throw error("nested more than 64 deep") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return .object(try members())
    case UInt8(ascii: "["): return .array(try elements())
    case UInt8(ascii: "\""): return .string(try string())
    default: return try word()
    }
  }

  private mutating func members() throws(JSON.SyntaxError) -> [(key: String, value: JSON)] {
    position += 1
    var result: [(key: String, value: JSON)] = []
    if take("}") { return result }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("a key in quotes is expected") }
      let key = try string()
      guard take(":") else { throw error("':' is expected after the key \(JSON.quoted(key))") }
      result.append((key, try value()))
    } while take(",")
    guard take("}") else { throw error("',' or '}' is expected") }
    return result
  }

  private mutating func elements() throws(JSON.SyntaxError) -> [JSON] {
    position += 1
    var result: [JSON] = []
    if take("]") { return result }
    repeat { result.append(try value()) } while take(",")
    guard take("]") else { throw error("',' or ']' is expected") }
    return result
  }

  /// Parses a number, `true`, `false` or `null`.
  private mutating func word() throws(JSON.SyntaxError) -> JSON {
    let start = position
    while let byte = next,
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == 0x2B
        || byte == 0x2D || byte == 0x2E
    {
      position += 1
    }
    let word = String(decoding: bytes[start..<position], as: UTF8.self)
    switch word {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    default:
      let isNumber = word.utf8.allSatisfy { (0x2B...0x39).contains($0) || $0 | 0x20 == 0x65 }
      guard isNumber, let number = Double(word) else {
        position = start
        throw error(word.isEmpty ? "a value is expected" : "'\(word)' is not a JSON value")
      }
      return .number(number)
    }
  }

  /// Parses a string. The opening quote must be the next byte.
  mutating func string() throws(JSON.SyntaxError) -> String {
    position += 1
    var content: [UInt8] = []
    while let byte = next, byte != UInt8(ascii: "\"") {
      if byte < 0x20 { throw error("a control character inside a string must be escaped") }
      position += 1
      if byte == UInt8(ascii: "\\") {
        UTF8.encode(try escape()).map { content.append(contentsOf: $0) }
      } else {
        content.append(byte)
      }
    }
    guard next != nil else { throw error("a string has no closing quote") }
    guard let result = String(validating: content, as: UTF8.self) else { throw error("a string is not valid UTF-8") }
    position += 1
    return result
  }

  private mutating func escape() throws(JSON.SyntaxError) -> Unicode.Scalar {
    let byte = next
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code), next == UInt8(ascii: "\\"), position + 1 < bytes.count,
        bytes[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw error("half of a surrogate pair is missing") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair is missing") }
      return scalar
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte ?? 0)
    default: throw error("an unknown escape in a string")
    }
  }

  private mutating func hexadecimal() throws(JSON.SyntaxError) -> UInt32 {
    let digits = bytes[position..<min(position + 4, bytes.count)]
    guard digits.count == 4, !digits.contains(0x2B), !digits.contains(0x2D),
      let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw error("four hexadecimal digits are expected after \\u") }
    position += 4
    return code
  }
}

extension String {
  /// Returns whether two strings consist of the same Unicode scalars.
  ///
  /// `==` also considers canonically equivalent strings equal, and would merge tokens that a vocabulary keeps apart.
  package func isIdentical(to other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
