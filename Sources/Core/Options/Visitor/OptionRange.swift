/// The range in which the numbers of an option must lie.
public enum OptionRange: Sendable, Hashable, CustomStringConvertible {
  case any
  /// x > 0
  case positive
  /// x ≥ 0
  case nonNegative
  /// 0 ≤ x ≤ 1
  case unit
  /// x ≥ bound
  case atLeast(Double)
  /// low ≤ x ≤ high
  case between(Double, Double)
  /// low ≤ x < bound
  case from(Double, below: Double)

  package func contains(_ x: Double) -> Bool {
    switch self {
    case .any: true
    case .positive: x > 0
    case .nonNegative: x >= 0
    case .unit: 0 <= x && x <= 1
    case .atLeast(let bound): x >= bound
    case .between(let low, let high): low <= x && x <= high
    case .from(let low, let bound): low <= x && x < bound
    }
  }

  public var description: String {
    switch self {
    case .any: "any number"
    case .positive: "greater than 0"
    case .nonNegative: "at least 0"
    case .unit: "between 0 and 1"
    case .atLeast(let bound): "at least \(Self.short(bound))"
    case .between(let low, let high): "between \(Self.short(low)) and \(Self.short(high))"
    case .from(let low, let bound): "at least \(Self.short(low)) and below \(Self.short(bound))"
    }
  }

  private static func short(_ x: Double) -> String { Int(exactly: x).map(String.init) ?? "\(x)" }
}
