/// A type that the value of an option can have.
///
/// An enumeration whose raw values are texts needs no methods to conform:
/// `enum Form: String, CaseIterable, OptionValue { case plain, squared }`.
public protocol OptionValue {
  /// The form of the value in YAML.
  static var shape: OptionShape { get }
  /// Decodes a value.
  ///
  /// - Throws: What is wrong with the node, usually `node.mismatch(Self.shape)`.
  init(_ node: Node, _ context: OptionContext) throws(Diagnostics)
  /// The YAML that decodes to this value.
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
