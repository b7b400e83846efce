import DistillCore
import Foundation

/// The options of a search file: a pipeline, and values of which the best are to be found.
package struct SearchOptions: Configurable, Sendable {
  package var version = 0
  package var pipeline: OptionPath = ""
  package var values = SearchValues()
  package var minutes: Double = 30
  package var trials = 27
  package var rungs: Int?
  package var seed = 0
  package var output: OptionPath = ""

  package init() {}

  package mutating func options(_ visit: inout OptionVisitor) {
    visit("version", &version, required: true, "Version of this format: 1.")
    if version != 1 { visit.reject("version", "this program reads version 1") }
    visit("pipeline", &pipeline, required: true, "The pipeline file.")
    visit(
      "values", &values, required: true,
      "Paths of options, such as training.learning_rate, with a list of values or a range, such as {from: 1e-5, to: 1e-3}."
    )
    visit("minutes", &minutes, in: .positive, "The time that the whole search may take.")
    visit("trials", &trials, in: .between(1, 10_000), "The largest number of trials beside the pipeline as written.")
    visit("rungs", &rungs, in: .between(1, 5), "Number of rungs. Default: at most 3, as few as the time permits.")
    visit(
      "seed", &seed, in: .nonNegative, "Seed of the values that are drawn. The trials have the seed of the pipeline.")
    visit("output", &output, required: true, "Folder of the trials.")
  }
}

/// The axes of a search, as a mapping of paths to lists or ranges.
package struct SearchValues: OptionValue, Sendable {
  package var axes: [SearchAxis] = []

  init() {}

  package static var shape: OptionShape { .section }
  package var yaml: YAMLValue { .mapping(axes.map { YAMLValue.Entry($0.path, .list($0.ends)) }) }

  package init(_ node: Node, _ context: OptionContext) throws(Diagnostics) {
    guard let entries = node.entries, !entries.isEmpty else {
      throw node.mismatch(Self.shape, hint: "write paths with their values, such as `training.epochs: [6, 12]`")
    }
    var problems: [Diagnostic] = []
    for entry in entries {
      do throws(Diagnostics) { axes.append(try SearchAxis(entry, context)) } catch { problems += error.list }
    }
    guard problems.isEmpty else { throw Diagnostics(problems) }
  }
}

/// An option of the pipeline, and the values from which a search draws.
package struct SearchAxis: Sendable {
  package enum Choice: Sendable {
    case list([YAMLValue])
    case range(SearchRange)
  }

  package let path: String
  package let choice: Choice
  /// The place of the path.
  let pathRange: SourceRange
  /// The places of ``ends``.
  let endRanges: [SourceRange]

  init(_ entry: Node.Entry, _ context: OptionContext) throws(Diagnostics) {
    let node = entry.value
    (path, pathRange) = (entry.key, entry.keyRange)
    if let items = node.items {
      guard !items.isEmpty else { throw Diagnostics(Diagnostic("has no value to try", at: node.range)) }
      var values: [YAMLValue] = []
      for item in items { values.append(try FreeValue(item, context).yaml) }
      (choice, endRanges) = (.list(values), items.map(\.range))
    } else if node.entries != nil {
      let range = try Draft<SearchRange>(node, at: node.range, registry: PluginRegistry(), known: []).decoded().value
      (choice, endRanges) = (.range(range), ["from", "to"].map { node[$0]?.range ?? node.range })
    } else {
      throw Diagnostics(
        Diagnostic(
          "`\(entry.key)` has neither a list nor a range of values", at: node.range,
          hint: "write [VALUE, VALUE] or {from: 1e-5, to: 1e-3}"))
    }
  }

  /// All values of a list, or both ends of a range.
  package var ends: [YAMLValue] {
    switch choice {
    case .list(let values): values
    case .range(let range): [range.value(at: 0), range.value(at: 1)]
    }
  }

  /// Returns the value at a place 0 ≤ u ≤ 1 of the list or the range.
  func value(at u: Double) -> YAMLValue {
    switch choice {
    case .list(let values): values[min(values.count - 1, Int(u * Double(values.count)))]
    case .range(let range): range.value(at: u)
    }
  }
}

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
