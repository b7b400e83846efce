import Foundation

/// The header of a safetensors file: a JSON object with the element type, the shape and the position of each tensor.
///
/// It has a parser of its own that accepts only the JSON of this format. A general parser would hide repeated keys and
/// fractional numbers, and would follow nesting of any depth.
struct SafetensorsHeader: Sendable {
  /// The reason why a header is refused. The reader adds the path.
  struct Refusal: Error {
    var message: String
  }

  /// The names of the tensors in the order of their data.
  private(set) var names: [String] = []
  private(set) var tensors: [String: TensorInfo] = [:]
  /// The position of each tensor's first byte, counted from the end of the header.
  private(set) var offsets: [String: Int] = [:]
  /// The number of bytes of all tensors.
  private(set) var dataSize = 0
  private(set) var metadata: [String: String] = [:]

  init(_ json: [UInt8]) throws {
    var parser = Parser(json)
    var hasMetadata = false
    try parser.object { parser, key in
      if key == "__metadata__" {
        if hasMetadata { throw Refusal(message: "the header has '__metadata__' twice") }
        hasMetadata = true
        try parser.object { parser, key in
          if metadata.updateValue(try parser.string(), forKey: key) != nil {
            throw Refusal(message: "the header's metadata has '\(Self.shown(key))' twice")
          }
        }
      } else {
        let (info, begin) = try Self.entry(of: Self.shown(key), &parser)
        if tensors.updateValue(info, forKey: key) != nil {
          throw Refusal(message: "the header has tensor '\(Self.shown(key))' twice")
        }
        offsets[key] = begin
      }
    }
    try parser.end()
    // Sorting by size and name as well puts an empty tensor before the one that begins at the same byte.
    let places = tensors.map { (offsets[$0.key] ?? 0, $0.value.byteCount, $0.key) }
    for (begin, count, name) in places.sorted(by: <) {
      guard begin == dataSize else {
        let what = begin < dataSize ? "overlaps the tensor before it" : "leaves a hole before it"
        throw Refusal(
          message: "tensor '\(Self.shown(name))' \(what): it begins at byte \(begin) instead of \(dataSize)")
      }
      dataSize = begin + count
      names.append(name)
    }
  }

  /// Shortens a name for an error message. A damaged header may contain a name of megabytes.
  private static func shown(_ name: String) -> String { name.count > 100 ? name.prefix(100) + "…" : name }

  private static func entry(of name: String, _ parser: inout Parser) throws -> (TensorInfo, begin: Int) {
    var dtypeName: String?
    var shape: [Int]?
    var offsets: [Int]?
    try parser.object { parser, key in
      let isNew: Bool
      switch key {
      case "dtype": (isNew, dtypeName) = (dtypeName == nil, try parser.string())
      case "shape": (isNew, shape) = (shape == nil, try parser.integers())
      case "data_offsets": (isNew, offsets) = (offsets == nil, try parser.integers())
      default: throw Refusal(message: "tensor '\(name)' has an unknown property '\(shown(key))'")
      }
      if !isNew { throw Refusal(message: "tensor '\(name)' has '\(key)' twice") }
    }
    guard let dtypeName, let shape, let offsets, offsets.count == 2 else {
      throw Refusal(message: "tensor '\(name)' needs 'dtype', 'shape' and two 'data_offsets'")
    }
    guard let dtype = DType(rawValue: dtypeName) else {
      let known = DType.allCases.map(\.rawValue).joined(separator: ", ")
      throw Refusal(message: "tensor '\(name)' has the unknown element type '\(shown(dtypeName))' (known: \(known))")
    }
    guard let info = TensorInfo(dtype: dtype, shape: shape) else {
      throw Refusal(message: "tensor '\(name)' has an impossible shape \(shape)")
    }
    // Both are non-negative, so the difference cannot overflow.
    guard offsets[1] - offsets[0] == info.byteCount else {
      throw Refusal(
        message: "tensor '\(name)' of shape \(shape) and type \(dtypeName) needs \(info.byteCount) bytes, "
          + "but its data_offsets \(offsets) span \(offsets[1] - offsets[0])")
    }
    return (info, offsets[0])
  }
}

/// A parser of the JSON that a header consists of: objects, strings, and lists of non-negative integers.
///
/// The caller decides what it parses next, so the nesting in the file cannot overflow the stack.
private struct Parser {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func object(_ member: (inout Parser, _ key: String) throws -> Void) throws {
    try list(from: "{", to: "}") { parser in
      let key = try parser.string()
      try parser.expect(":")
      try member(&parser, key)
    }
  }

  mutating func integers() throws -> [Int] {
    var values: [Int] = []
    try list(from: "[", to: "]") { parser in
      if values.count == 64 { throw parser.refusal("a list of more than 64 numbers") }
      values.append(try parser.integer())
    }
    return values
  }

  mutating func string() throws -> String {
    try expect("\"")
    let start = position
    var escaped = false
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      if bytes[position] == UInt8(ascii: "\\") {
        escaped = true
        position += 1
      }
      position += 1
    }
    guard position < bytes.count else { throw refusal("a string without an end") }
    let content = bytes[start..<position]
    position += 1
    var parser = JSONParser(bytes: bytes, from: start - 1)
    let text =
      escaped
      ? try? parser.string()
      : content.contains { $0 < 0x20 } ? nil : String(validating: content, as: UTF8.self)
    guard let text else { throw refusal("a string that is no valid JSON") }
    return text
  }

  mutating func end() throws {
    if let byte = next() { throw refusal("'\(Character(UnicodeScalar(byte)))' after the end") }
  }

  private mutating func list(from open: Character, to close: Character, _ item: (inout Parser) throws -> Void) throws {
    try expect(open)
    if next() == close.asciiValue {
      position += 1
      return
    }
    while true {
      try item(&self)
      if next() == close.asciiValue {
        position += 1
        return
      }
      try expect(",")
    }
  }

  private mutating func integer() throws -> Int {
    var value: Int?
    _ = next()
    while position < bytes.count, case let digit = Int(bytes[position]) - 0x30, 0...9 ~= digit {
      let (tens, overflow) = (value ?? 0).multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(digit)
      if overflow || carry { throw refusal("a number that is too large") }
      value = sum
      position += 1
    }
    guard let value else { throw refusal("something that is no non-negative whole number") }
    return value
  }

  /// Skips white space and returns the next byte without consuming it.
  private mutating func next() -> UInt8? {
    while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
    return position < bytes.count ? bytes[position] : nil
  }

  private mutating func expect(_ character: Character) throws {
    guard next() == character.asciiValue else { throw refusal("no '\(character)' where one belongs") }
    position += 1
  }

  private func refusal(_ what: String) -> SafetensorsHeader.Refusal {
    .init(message: "the header has \(what), at its byte \(position)")
  }
}
