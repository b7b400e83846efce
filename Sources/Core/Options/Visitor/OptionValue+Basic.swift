extension Bool: OptionValue {
  public static var shape: OptionShape { .boolean }
  public var yaml: YAMLValue { .boolean(self) }

  public init(_ node: Node, _: OptionContext) throws(Diagnostics) {
    guard case .boolean(let flag) = node.scalar?.meaning else { throw node.mismatch(Self.shape) }
    self = flag
  }
}

extension String: OptionValue {
  public static var shape: OptionShape { .text }
  public var yaml: YAMLValue { .text(self) }

  public init(_ node: Node, _: OptionContext) throws(Diagnostics) {
    guard let scalar = node.scalar, scalar.isText else { throw node.mismatch(Self.shape) }
    self = scalar.text
  }
}

extension Optional: OptionValue where Wrapped: OptionValue {
  public static var shape: OptionShape { .optional(Wrapped.shape) }
  public var yaml: YAMLValue { self?.yaml ?? .null }

  public init(_ node: Node, _ context: OptionContext) throws(Diagnostics) {
    self = node.isNull ? nil : try Wrapped(node, context)
  }
}

extension Array: OptionValue where Element: OptionValue {
  public static var shape: OptionShape { .list(Element.shape) }
  public var yaml: YAMLValue { .list(map(\.yaml)) }

  /// Decodes every item, and reports all items that are wrong.
  public init(_ node: Node, _ context: OptionContext) throws(Diagnostics) {
    guard let items = node.items else { throw node.mismatch(Self.shape) }
    self = []
    var failures: [Diagnostics] = []
    for item in items {
      do throws(Diagnostics) { append(try Element(item, context)) } catch { failures.append(error) }
    }
    guard failures.isEmpty else { throw Diagnostics(failures.flatMap(\.list)) }
  }
}
