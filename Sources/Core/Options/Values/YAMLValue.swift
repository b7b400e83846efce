/// A value that can be written as YAML.
public indirect enum YAMLValue: Sendable, Hashable {
  case null
  case boolean(Bool)
  /// A number, as the digits that are written to the file.
  case number(String)
  case text(String)
  case list([YAMLValue])
  case mapping([Entry])

  public struct Entry: Sendable, Hashable {
    public let key: String
    public let value: YAMLValue

    public init(_ key: String, _ value: YAMLValue) {
      self.key = key
      self.value = value
    }
  }

  /// The value on one line, such as `{use: hnsw, m: 16}`.
  package var flow: String {
    switch self {
    case .null: "null"
    case .boolean(let flag): flag ? "true" : "false"
    case .number(let digits): digits
    case .text(let text): Self.quotedIfNeeded(text)
    case .list(let items): "[" + items.map(\.flow).joined(separator: ", ") + "]"
    case .mapping(let entries):
      "{" + entries.map { "\(Self.quotedIfNeeded($0.key)): \($0.value.flow)" }.joined(separator: ", ") + "}"
    }
  }

  /// The value as a file: mappings and lists of mappings have one line per key, and everything else is on one line.
  package var document: String { document { _ in "" } }

  /// Returns the value as a file with remarks.
  ///
  /// - Parameter remark: Returns the text to append to the line of the value at a path such as `losses[1].weight`.
  func document(remark: (String) -> String) -> String { lines("", remark).map { $0 + "\n" }.joined() }

  private func lines(_ path: String, _ remark: (String) -> String) -> [String] {
    switch self {
    case .mapping(let entries) where !entries.isEmpty:
      entries.flatMap { entry -> [String] in
        let key = Self.quotedIfNeeded(entry.key) + ":"
        let lines = entry.value.lines(path.isEmpty ? entry.key : "\(path).\(entry.key)", remark)
        return entry.value.isBlock ? [key] + lines.map { "  " + $0 } : [key + " " + lines.joined()]
      }
    case .list(let items) where isBlock:
      items.enumerated().flatMap { index, item in
        item.lines("\(path)[\(index)]", remark).enumerated().map { ($0.offset == 0 ? "- " : "  ") + $0.element }
      }
    default: [flow + remark(path)]
    }
  }

  private var isBlock: Bool {
    switch self {
    case .mapping(let entries): !entries.isEmpty
    case .list(let items): items.contains(where: \.isBlock)
    default: false
    }
  }

  /// Returns a text without quotes only if every version of YAML reads it as the same text.
  private static func quotedIfNeeded(_ text: String) -> String {
    let isWord = text.unicodeScalars.allSatisfy { scalar in
      ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
        || "_./-".unicodeScalars.contains(scalar)
    }
    let startsPlainly = text.unicodeScalars.first.map { $0 != "-" && $0 != "." || text.hasPrefix("../") } ?? false
    let isShort = ["y", "n"].contains(text.lowercased())
    if isWord, startsPlainly, !isShort, Scalar(text, isPlain: true).meaning == .text { return text }
    var quoted = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      // These are the characters that libyaml does not consider printable, or considers a line break or a byte-order mark.
      case "\0"..<" ", "\u{7F}"..."\u{A0}", "\u{2028}", "\u{2029}", "\u{E000}"...:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return "\"\(quoted)\""
  }
}

extension YAMLValue {
  /// The value with `$${` in place of every `${` in its texts, so that substituting references gives the original value.
  package var escapingReferences: YAMLValue {
    switch self {
    case .null, .boolean, .number: return self
    case .list(let items): return .list(items.map(\.escapingReferences))
    case .mapping(let entries): return .mapping(entries.map { Entry($0.key, $0.value.escapingReferences) })
    case .text(let text): return .text(text.escapingReferences)
    }
  }
}

extension String {
  /// The text with `$${` in place of every `${`, so that substituting references gives the original text.
  package var escapingReferences: String {
    var escaped = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if scalar == "{", escaped.last == "$" { escaped.append("$") }
      escaped.append(scalar)
    }
    return String(escaped)
  }
}
