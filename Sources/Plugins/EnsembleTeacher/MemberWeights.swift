import DistillCore
import Foundation

/// What each member of an ensemble counts.
public enum MemberWeights: OptionValue, Sendable, Equatable {
  /// All alike.
  case uniform
  /// As much as makes the mean best on held-out texts.
  case fitted
  /// These numbers, divided by their sum.
  case given([Float])

  public static var shape: OptionShape { .either([.choice(["uniform", "fitted"]), .list(.number)]) }

  public var yaml: YAMLValue {
    switch self {
    case .uniform: .text("uniform")
    case .fitted: .text("fitted")
    case .given(let list): list.yaml
    }
  }

  public init(_ node: Node, _ context: OptionContext) throws(Diagnostics) {
    guard node.scalar != nil else {
      let list = try [Float](node, context)
      guard list.allSatisfy({ $0 >= 0 }), list.contains(where: { $0 > 0 }) else {
        throw Diagnostics(Diagnostic("weights are not negative, and not all of them are 0", at: node.range))
      }
      self = .given(list)
      return
    }
    switch node.scalar?.text {
    case "uniform": self = .uniform
    case "fitted": self = .fitted
    default: throw node.mismatch(Self.shape)
    }
  }
}

/// The weights on the simplex (none negative, with the sum 1) at which a convex function is smallest.
///
/// Exponentiated gradient (Kivinen and Warmuth 1997) with a step that is halved until the function falls as the step promises. It ends when
/// Σ w_m·g_m − min g_m, which bounds how far the value is above the smallest, is below a billionth.
///
/// - Parameters:
///   - count: The number of weights.
///   - function: Returns the value and the gradient.
/// - Returns: The weights.
func simplexMinimum(_ count: Int, of function: ([Double]) -> (value: Double, gradient: [Double])) -> [Double] {
  var weights = [Double](repeating: 1 / Double(count), count: count)
  var (value, gradient) = function(weights)
  var step = 1.0
  for _ in 0..<100_000 {
    let lowest = gradient.min() ?? 0
    let gap = zip(weights, gradient).reduce(0) { $0 + $1.0 * ($1.1 - lowest) }
    if gap < 1e-9 * max(1, abs(value)) || step < 1e-12 { break }
    var next = zip(weights, gradient).map { $0 * exp(-step * ($1 - lowest)) }
    let sum = next.reduce(0, +)
    for index in next.indices { next[index] /= sum }
    let (nextValue, nextGradient) = function(next)
    var promised = value
    for index in next.indices where next[index] > 0 {
      promised += gradient[index] * (next[index] - weights[index])
      promised += next[index] * log(next[index] / weights[index]) / step
    }
    // Beyond the precision of the sums, a difference means nothing.
    guard nextValue <= promised + 1e-14 * max(1, abs(value)) else {
      step /= 2
      continue
    }
    (weights, value, gradient) = (next, nextValue, nextGradient)
    step *= 1.5
  }
  return weights
}
