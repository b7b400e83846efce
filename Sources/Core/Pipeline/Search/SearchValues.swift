import DistillCore

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
