/// A value of a YAML file, and the place where it is written.
public struct Node: Sendable {
  package enum Content: Sendable {
    case scalar(Scalar)
    case sequence([Node])
    case mapping([Entry])
    /// A value that could not be read, for which a diagnostic has already been reported.
    case unknown
  }

  /// A key of a mapping and its value.
  public struct Entry: Sendable {
    public let key: String
    package let keyRange: SourceRange
    public var value: Node

    package init(key: String, keyRange: SourceRange, value: Node) {
      (self.key, self.keyRange, self.value) = (key, keyRange, value)
    }
  }

  package var content: Content
  /// The place of the value.
  ///
  /// The place of a list or mapping in brackets is its opening bracket. That of other lists and mappings is the first dash or
  /// key.
  public var range: SourceRange
  /// Whether a syntax error ended this list or mapping early, so that it may have members that were not read.
  package var isOpen = false

  package init(content: Content, range: SourceRange, isOpen: Bool = false) {
    (self.content, self.range, self.isOpen) = (content, range, isOpen)
  }

  public var scalar: Scalar? { if case .scalar(let scalar) = content { scalar } else { nil } }
  public var items: [Node]? { if case .sequence(let items) = content { items } else { nil } }
  public var entries: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }
  public var isNull: Bool { scalar?.meaning == .null }

  /// Returns the value of a key, or `nil` if there is none or this is not a mapping.
  public subscript(key: String) -> Node? { entries?.first { $0.key == key }?.value }

  /// The number of nodes in this tree, and the number of its levels. The YAML builder limits both, so recursion is safe.
  package var size: (count: Int, depth: Int) {
    let children: [Node] =
      switch content {
      case .scalar, .unknown: []
      case .sequence(let items): items
      case .mapping(let entries): entries.map(\.value)
      }
    return children.reduce(into: (1, 1)) { total, child in
      let size = child.size
      total = (total.0 + size.count, max(total.1, size.depth + 1))
    }
  }

  /// A description of the value for messages, such as `the number 5` or `a list`.
  package var found: String {
    switch content {
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .scalar(let scalar): scalar.found
    case .unknown: "nothing that is known"
    }
  }

  /// Returns the error that a value of another shape was expected here.
  ///
  /// If `hint` is `nil`, the hint is derived from the value that was found. The result is empty if the value is unknown, because
  /// its mistake has already been reported.
  public func mismatch(_ expected: OptionShape, hint: String? = nil) -> Diagnostics {
    if case .unknown = content { return Diagnostics([]) }
    return Diagnostics(
      Diagnostic("expected \(expected), found \(found)", at: range, hint: hint ?? mendingHint(for: expected)))
  }

  private func mendingHint(for expected: OptionShape) -> String? {
    guard let scalar else { return expected == .sections && entries != nil ? "put `- ` before each mapping" : nil }
    switch (scalar.meaning, expected) {
    case (.null, _): return "give a value, or leave the key out"
    case (_, .choice) where scalar.meaning != .text: return nil
    case (.ambiguousNumber(let number), _):
      return "write `\(number)` if a number is meant, or put it in quotes if text is meant"
    case (.ambiguousBoolean(let flag), _):
      return "write `\(flag)` if a boolean is meant, or put it in quotes if text is meant"
    case (.nonFinite, _): return "NaN and infinity are not accepted"
    case (.text, .boolean) where ["y", "t", "1"].contains(scalar.text.lowercased()): return "write `true`"
    case (.text, .boolean) where ["n", "f", "0"].contains(scalar.text.lowercased()): return "write `false`"
    case (.text, .integer), (.text, .number), (.text, .boolean):
      if let stranger = lookAlike(in: scalar.text) { return "there is \(stranger) in it" }
      return scalar.isPlain || Scalar(scalar.text, isPlain: true).meaning == .text ? nil : "remove the quotes"
    case (.real, .integer):
      return Double(scalar.text).flatMap { Int(exactly: $0) }.map { "write `\($0)`" }
    case (.text, .choice(let names)): return suggestion(for: scalar.text, among: names)
    case (.text, .either(let shapes)):
      for case .choice(let names) in shapes { return suggestion(for: scalar.text, among: names) }
      return nil
    case (.integer, .text), (.real, .text), (.boolean, .text): return "put it in quotes: \"\(scalar.text)\""
    case (.integer, .path), (.real, .path), (.boolean, .path): return "put it in quotes: \"\(scalar.text)\""
    case (_, .list): return "write a list: [\(scalar.text.prefix(40))]"
    default: return nil
    }
  }
}
