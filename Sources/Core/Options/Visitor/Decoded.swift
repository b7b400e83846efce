/// A value together with the places that its parts were read from.
public struct Decoded<Value> {
  public let value: Value
  public let source: SourceMap
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
    let visit = DecodingVisit(registry: registry, folder: folder, range: start)
    var value = T()
    visit.decode(&value, from: root)
    let problems = diagnostics + visit.problems
    guard problems.isEmpty else { throw Diagnostics(problems) }
    return Decoded(value: value, source: SourceMap(root: root))
  }
}
