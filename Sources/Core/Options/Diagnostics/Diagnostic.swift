/// A mistake in a file: what is wrong, where it is, and how to mend it.
public struct Diagnostic: Sendable, Hashable, Encodable {
  public enum Severity: String, Sendable, Encodable {
    case error, warning
  }

  public let severity: Severity
  public let message: String
  public let range: SourceRange
  public let hint: String?

  public init(_ message: String, at range: SourceRange, hint: String? = nil, severity: Severity = .error) {
    self.severity = severity
    self.message = message
    self.range = range
    self.hint = hint
  }

  private enum CodingKeys: CodingKey {
    case severity, message, file, line, column, length, source, hint
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(severity, forKey: .severity)
    try container.encode(message, forKey: .message)
    try container.encode(range.source.name, forKey: .file)
    try container.encode(range.line, forKey: .line)
    try container.encode(range.column, forKey: .column)
    try container.encode(range.length, forKey: .length)
    try container.encode(String(range.sourceLine.prefix(1000)), forKey: .source)
    try container.encodeIfPresent(hint, forKey: .hint)
  }

  /// Returns the place and the message, the source line with carets below the mistake, and the hint.
  ///
  ///     pipeline.yaml:7:5: error: unknown key `temprature`
  ///      7 |     temprature: 0.1
  ///        |     ^^^^^^^^^^
  ///        = hint: did you mean `temperature`?
  public func rendered(colour: Bool = false) -> String {
    func paint(_ text: String, _ code: String) -> String { colour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
    let tint = severity == .error ? "1;31" : "1;33"
    let number = String(range.line)
    let margin = String(repeating: " ", count: number.count + 2)
    let (line, caret) = excerpt
    let (place, message) = (Self.harmless("\(range):".unicodeScalars), Self.harmless(message.unicodeScalars))
    var text = paint(place, "1") + " " + paint("\(severity.rawValue):", tint) + " " + paint(message, "1")
    text += "\n \(number) | \(line)\n\(margin)| \(paint(caret, tint))"
    if let hint { text += "\n\(margin)= \(paint("hint:", "1;36")) \(Self.harmless(hint.unicodeScalars))" }
    return text
  }

  /// The source line and the carets below it. A very long line is cut to a window around the mistake.
  private var excerpt: (line: String, caret: String) {
    let width = 120
    let scalars = range.sourceLine.unicodeScalars
    let first = range.column <= width / 2 ? 0 : max(0, min(range.column - 1 - width / 2, scalars.count - width))
    let line = Self.harmless(scalars.dropFirst(first).prefix(width))
    let indent = range.column - 1 - first
    let carets = max(1, min(range.length, width - indent))
    return (line, String(repeating: " ", count: indent) + String(repeating: "^", count: carets))
  }

  /// Replaces everything that could control a terminal or break a line, because files may come from strangers.
  private static func harmless(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    for scalar in scalars {
      switch scalar.properties.generalCategory {
      case .control: text.append(scalar == "\t" ? " " : "\u{FFFD}")
      case .format, .surrogate, .lineSeparator, .paragraphSeparator: text.append("\u{FFFD}")
      default: text.append(scalar)
      }
    }
    return String(text)
  }
}
