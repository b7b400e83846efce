/// A value together with the places that its parts were read from.
public struct Decoded<Value> {
  public let value: Value
  public let source: SourceMap
}

extension Decoded where Value: Configurable {
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

extension YAMLDocument {
  /// Reads the whole document as the options of a `T`.
  ///
  /// - Throws: everything that is wrong with the file, in order of position.
  public func decode<T: Configurable>(
    _: T.Type = T.self, registry: PluginRegistry = PluginRegistry()
  ) throws(Diagnostics) -> Decoded<T> {
    guard let root else {
      throw Diagnostics(diagnostics.isEmpty ? [Diagnostic("the file is empty", at: start)] : diagnostics)
    }
    let visit = DecodingVisit(registry: registry, range: start)
    var value = T()
    visit.decode(&value, from: root)
    // What a reference stands for is not known where it failed, and neither is what it should have been.
    let problems = diagnostics + visit.problems.filter { !unresolved.contains($0.range) }
    guard problems.isEmpty else { throw Diagnostics(problems) }
    return Decoded(value: value, source: SourceMap(root: root))
  }
}
