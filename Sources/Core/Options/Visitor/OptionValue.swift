/// A type whose values an option can have.
///
/// Enumerations with texts as raw values conform by saying so:
/// `enum Form: String, CaseIterable, OptionValue { case plain, squared }`.
public protocol OptionValue {
  /// What the value looks like in YAML.
  static var shape: OptionShape { get }
  /// - Throws: what is wrong with the node, usually `node.mismatch(Self.shape)`.
  init(_ node: Node, _ context: OptionContext) throws(Diagnostics)
  /// What decodes to this value.
  var yaml: YAMLValue { get }
}

/// What a value needs to know beyond its node.
public struct OptionContext: Sendable {
  public let range: OptionRange

  public init(range: OptionRange) { self.range = range }
}

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

  /// Reports every item that is wrong.
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

extension OptionValue where Self: RawRepresentable & CaseIterable, RawValue == String {
  public static var shape: OptionShape { .choice(allCases.map(\.rawValue)) }
  public var yaml: YAMLValue { .text(rawValue) }

  public init(_ node: Node, _: OptionContext) throws(Diagnostics) {
    guard let scalar = node.scalar, scalar.isText, let value = Self(rawValue: scalar.text) else {
      throw node.mismatch(Self.shape)
    }
    self = value
  }
}
