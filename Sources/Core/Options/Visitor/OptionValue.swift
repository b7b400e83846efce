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
