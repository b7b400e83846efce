/// A value together with the places that its parts were read from.
public struct Decoded<Value> {
  public let value: Value
  public let source: SourceMap
}

extension Decoded where Value: Configurable {
  /// Reads a tree as the options of a value.
  ///
  /// - Parameters:
  ///   - start: where the file begins.
  ///   - known: what was found to be wrong before.
  ///   - unresolved: values whose references failed. What they stand for is not known, and neither is what it should be.
  /// - Throws: everything that is wrong, in order of position.
  package init(
    _ root: Node, at start: SourceRange, registry: PluginRegistry, known: [Diagnostic], unresolved: Set<SourceRange>
  ) throws(Diagnostics) {
    let visit = DecodingVisit(registry: registry, range: start)
    var value = Value()
    visit.decode(&value, from: root)
    let problems = known + visit.problems.filter { !unresolved.contains($0.range) }
    guard problems.isEmpty else { throw Diagnostics(problems) }
    (self.value, source) = (value, SourceMap(root: root))
  }

  /// The resolved file, with a comment behind each value that says where it is written: `# default`, `# base.yaml:12`,
  /// `# command line`.
  public func annotatedYAML() -> String {
    let writing = WritingVisit()
    return writing.mapping(value).escapingReferences.document { "  # " + source.origin(of: $0) }
  }
}

extension Decoded: Sendable where Value: Sendable {}

/// Finds where an option is written, for what can only be judged after decoding.
public struct SourceMap: Sendable {
  let root: Node

  /// The place of the value at a path such as `losses[1].temperature`, or of the closest written value that surrounds it.
  public func range(of path: String) -> SourceRange {
    var node = root
    for step in path.split(whereSeparator: { ".[]".contains($0) }) {
      switch node.content {
      case .mapping:
        guard let child = node[String(step)] else { return node.range }
        node = child
      case .sequence(let items):
        guard let index = Int(step), items.indices.contains(index) else { return node.range }
        node = items[index]
      case .scalar: return node.range
      }
    }
    return node.range
  }
}

extension SourceMap {
  fileprivate func origin(of path: String) -> String {
    guard let steps = PathStep.steps(of: path, in: root.range.source), let range = root.value(at: steps)?.range else {
      return "default"
    }
    guard range.source.isFile else { return "command line" }
    return "\(range.source.name.filter { !$0.isNewline }):\(range.line)"
  }
}
