import DistillCore
import Foundation

/// A range of numbers. If both ends are written as whole numbers, all are whole.
package struct SearchRange: Configurable, Sendable {
  package enum Scale: String, CaseIterable, Sendable, OptionValue { case linear, log }

  private var (from, to) = (WrittenNumber(), WrittenNumber())
  private var scale: Scale?

  package init() {}

  package mutating func options(_ visit: inout OptionVisitor) {
    visit(
      "from", &from, required: true, "The smallest value. Whole numbers such as 2 give whole numbers; 2.0 does not.")
    visit("to", &to, required: true, "The largest value.")
    visit("scale", &scale, "Whether `linear` or `log`. Default: log if `to` is ten times `from` or more.")
    if from.value >= to.value { visit.reject("to", "must be greater than `from`", given: ["from"]) }
    if scale == .log, from.value <= 0 {
      visit.reject("from", "must be greater than 0 on a scale of logarithms", given: ["scale"])
    }
  }

  private var isLogarithmic: Bool {
    (scale ?? (from.value > 0 && to.value >= 10 * from.value ? .log : .linear)) == .log
  }

  /// Returns the number at a place 0 ≤ u ≤ 1, rounded to three digits unless it is an end.
  func value(at u: Double) -> YAMLValue {
    if u <= 0 { return from.yaml }
    if u >= 1 { return to.yaml }
    let isWhole = from.isWhole && to.isWhole
    // Half a number more at both ends gives every whole number its equal share.
    let (low, high) =
      isWhole ? (from.value - (isLogarithmic ? 0 : 0.5), to.value + (isLogarithmic ? 0 : 0.5)) : (from.value, to.value)
    let exact = isLogarithmic ? low * pow(high / low, u) : low + u * (high - low)
    if isWhole { return .number("\(Int(min(max(exact.rounded(), from.value), to.value)))") }
    let rounded = Double(String(format: "%.3g", locale: Locale(identifier: "en_US_POSIX"), exact)) ?? exact
    return min(max(rounded, from.value), to.value).yaml
  }
}

/// A number that knows whether it is written as a whole one.
private struct WrittenNumber: OptionValue, Sendable {
  var (value, isWhole) = (0.0, true)

  init() {}

  static var shape: OptionShape { .number }
  var yaml: YAMLValue { isWhole ? .number("\(Int(value))") : value.yaml }

  init(_ node: Node, _ context: OptionContext) throws(Diagnostics) {
    if let whole = try? Int(node, context) {
      (value, isWhole) = (Double(whole), abs(whole) < 1 << 53)
    } else {
      (value, isWhole) = (try Double(node, context), false)
    }
  }
}
