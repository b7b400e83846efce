/// The text of a scalar, and what it means when it is written without quotes.
///
/// Neither YAML 1.1 nor 1.2 to the letter: what the two read differently (`yes`, `010`, `1_000`) is ambiguous here, and
/// refused wherever it matters.
public struct Scalar: Sendable, Hashable {
  package enum Meaning: Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer
    case real
    case text
    /// `.nan`, `-.inf`
    case nonFinite
    /// `010`, `1_000`, `0x1F`: the number that was probably meant.
    case ambiguousNumber(String)
    /// `yes`, `off`, `True`: what YAML 1.1 takes it for.
    case ambiguousBoolean(Bool)
  }

  public let text: String
  package let isPlain: Bool
  package let meaning: Meaning
  /// Whether it will do as a text: what a reference stands for does whatever it looks like, for it has no quotes of its own.
  public private(set) var isText: Bool
  /// The text with its references to environment variables, where there are any.
  package private(set) var written: String?

  package init(_ text: String, isPlain: Bool) {
    self.text = text
    self.isPlain = isPlain
    meaning = isPlain ? Self.meaning(of: text) : .text
    isText = meaning == .text
  }

  /// The value of an environment variable.
  package init(variable name: String, _ text: String) {
    self.text = text
    isPlain = true
    meaning = Self.meaning(of: text)
    isText = true
    written = "${\(name)}"
  }

  /// A text in which references were replaced.
  package init(_ text: String, written: String?) {
    self.init(text, isPlain: false)
    self.written = written
  }

  /// The same, as what a reference stands for.
  package var referenced: Scalar {
    var scalar = self
    scalar.isText = meaning != .null
    return scalar
  }

  var found: String {
    switch meaning {
    case .null: "nothing"
    case .boolean: "the boolean \(text)"
    case .integer, .real: "the number \(text.prefix(40))"
    case .nonFinite, .ambiguousNumber, .ambiguousBoolean: "`\(text.prefix(40))`"
    case .text: "the text \"\(text.count > 40 ? text.prefix(40) + "…" : text[...])\""
    }
  }

  private static func meaning(of text: String) -> Meaning {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    default: break
    }
    guard text.utf8.count <= 64 else { return .text }
    switch text.lowercased() {
    case "true", "yes", "on": return .ambiguousBoolean(true)
    case "false", "no", "off": return .ambiguousBoolean(false)
    case ".nan", ".inf", "+.inf", "-.inf": return .nonFinite
    case let lower: return number(lower)
    }
  }

  private static func number(_ lower: String) -> Meaning {
    let sign = lower.hasPrefix("-") ? "-" : ""
    let digits = lower.hasPrefix("-") || lower.hasPrefix("+") ? String(lower.dropFirst()) : lower
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
      return Int(digits.dropFirst(2).filter { $0 != "_" }, radix: radix).map { .ambiguousNumber("\(sign)\($0)") }
        ?? .text
    }
    guard let first = digits.utf8.first, isDigit(first) || first == UInt8(ascii: ".") else { return .text }
    let joined = digits.filter { $0 != "_" }
    guard let shape = decimal(joined) else { return .text }
    let whole = joined.prefix { $0.isNumber }
    let trimmed = whole.drop { $0 == "0" }
    if joined != digits || (whole.count > 1 && whole.first == "0") {
      return .ambiguousNumber(sign + (trimmed.isEmpty ? "0" : trimmed) + joined.dropFirst(whole.count))
    }
    return shape
  }

  private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

  /// Digits, an optional fraction and an optional exponent; `5.` and `.5` count, `1e-5` needs no point.
  private static func decimal(_ text: String) -> Meaning? {
    var rest = text.utf8[...]
    func digits() -> Int {
      let count = rest.prefix(while: isDigit).count
      rest = rest.dropFirst(count)
      return count
    }
    var mantissa = digits()
    if rest.isEmpty { return mantissa > 0 ? .integer : nil }
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      mantissa += digits()
    }
    guard mantissa > 0 else { return nil }
    if rest.first == UInt8(ascii: "e") {
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
      guard digits() > 0 else { return nil }
    }
    return rest.isEmpty ? .real : nil
  }
}
