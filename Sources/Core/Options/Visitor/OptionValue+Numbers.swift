extension Int: OptionValue {}
extension UInt64: OptionValue {}
extension Float: OptionValue {}
extension Double: OptionValue {}

extension OptionValue where Self: FixedWidthInteger {
  public static var shape: OptionShape { .integer }
  public var yaml: YAMLValue { .number("\(self)") }

  public init(_ node: Node, _ context: OptionContext) throws(Diagnostics) {
    guard let scalar = node.scalar, scalar.meaning == .integer else { throw node.mismatch(Self.shape) }
    guard let value = Self(scalar.text) else {
      let message = "must lie between \(Self.min) and \(Self.max), found \(scalar.text.prefix(40))"
      throw Diagnostics(Diagnostic(message, at: node.range))
    }
    try node.check(Double(value), in: context.range)
    self = value
  }
}

extension OptionValue where Self: BinaryFloatingPoint & LosslessStringConvertible {
  public static var shape: OptionShape { .number }

  /// The shortest text that means this number. `5.0e-05` and not `5e-05`, which YAML 1.1 takes for a word.
  public var yaml: YAMLValue {
    let parts = "\(self)".split(separator: "e")
    return .number(parts.count == 2 && !parts[0].contains(".") ? "\(parts[0]).0e\(parts[1])" : "\(self)")
  }

  public init(_ node: Node, _ context: OptionContext) throws(Diagnostics) {
    guard let scalar = node.scalar, [.integer, .real].contains(scalar.meaning) else { throw node.mismatch(Self.shape) }
    guard let value = Self(scalar.text), value.isFinite, let exact = Double(scalar.text) else {
      throw Diagnostics(Diagnostic("\(node.found) is too large for a \(Self.self)", at: node.range))
    }
    // The range applies to the number as it is written: 0.1 rounded to Float is greater than 0.1.
    try node.check(exact, in: context.range)
    guard exact == 0 || value != 0 else {
      throw Diagnostics(Diagnostic("\(node.found) is too small for a \(Self.self)", at: node.range))
    }
    self = value
  }
}

extension Node {
  fileprivate func check(_ x: Double, in range: OptionRange) throws(Diagnostics) {
    guard !range.contains(x) else { return }
    throw Diagnostics(Diagnostic("must be \(range), found \(scalar?.text.prefix(40) ?? "")", at: self.range))
  }
}
