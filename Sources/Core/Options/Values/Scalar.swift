/// The text of a scalar, and its meaning if it is written without quotes.
///
/// The meaning follows neither YAML 1.1 nor YAML 1.2 exactly. Texts that the two versions read differently, such as `yes`, `010`
/// and `1_000`, are ambiguous here, and options ask for a clearer spelling.
public struct Scalar: Sendable, Hashable {
  package enum Meaning: Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer
    case real
    case text
    /// `.nan` or `-.inf`, which no option accepts.
    case nonFinite
    /// A text such as `010`, `1_000` or `0x1F`, and the number that was probably meant.
    case ambiguousNumber(String)
    /// A text such as `yes`, `off` or `True`, and the boolean that YAML 1.1 reads it as.
    case ambiguousBoolean(Bool)
  }

  public let text: String
  package let isPlain: Bool
  package let meaning: Meaning
  /// Whether the scalar is accepted as a text.
  ///
  /// The value of a reference is accepted even if it looks like a number, because it has no quotes of its own.
  public private(set) var isText: Bool
  /// The text before references to environment variables were replaced, or `nil` if it has none.
  package private(set) var written: String?

  package init(_ text: String, isPlain: Bool) {
    self.text = text
    self.isPlain = isPlain
    meaning = isPlain ? Self.meaning(of: text) : .text
    isText = meaning == .text
  }

  /// Creates the value of an environment variable.
  package init(variable name: String, _ text: String) {
    self.text = text
    isPlain = true
    meaning = Self.meaning(of: text)
    isText = true
    written = "${\(name)}"
  }

  /// Creates a text in which references were replaced.
  package init(_ text: String, written: String?) {
    self.init(text, isPlain: false)
    self.written = written
  }

  /// The same scalar as the value of a reference.
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
    // Nobody writes a number or a boolean of that length, so a longer text needs no closer look.
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

  /// Returns the meaning of digits with an optional fraction and an optional exponent.
  ///
  /// `5.` and `.5` are numbers, and so is `1e-5`, which has no decimal point.
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
