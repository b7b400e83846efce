/// A value together with the places that its parts were read from.
public struct Decoded<Value> {
  public let value: Value
  package let source: SourceMap
}

/// What could be read of a file that may be wrong: what was refused, or is not known, has its default.
package struct Draft<Value> {
  package let value: Value
  package let source: SourceMap
  package let problems: [Diagnostic]
  /// The plugins that it could name.
  package let registry: PluginRegistry

  /// - Throws: everything that is wrong, in order of position.
  package func decoded() throws(Diagnostics) -> Decoded<Value> {
    guard problems.isEmpty else { throw Diagnostics(problems) }
    return Decoded(value: value, source: source)
  }
}

extension Draft where Value: Configurable {
  /// Reads a tree as the options of a value.
  ///
  /// - Parameters:
  ///   - start: where the file begins.
  ///   - known: what was found to be wrong before.
  package init(_ root: Node, at start: SourceRange, registry: PluginRegistry, known: [Diagnostic]) {
    let visit = DecodingVisit(registry: registry, range: start)
    var value = Value()
    source = SourceMap(root: visit.decode(&value, from: root))
    (self.value, self.registry, problems) = (value, registry, known + visit.problems)
  }
}

extension Draft: Sendable where Value: Sendable {}

extension Decoded where Value: Configurable {
  /// The resolved file, with a comment behind each value that says where it is written: `# default`, `# base.yaml:12`,
  /// `# command line`.
  package func annotatedYAML() -> String {
    let writing = WritingVisit()
    return writing.mapping(value).document { "  # " + source.origin(of: $0) }
  }
}

extension Decoded: Sendable where Value: Sendable {}

/// Finds where an option is written, for what can only be judged after decoding.
package struct SourceMap: Sendable {
  /// What was read: everything under its right name, and what could not be read unknown.
  private(set) var root: Node

  init(root: Node) { self.root = root }

  /// The place of the value at a path such as `losses[1].temperature`, or of the closest written value that surrounds it.
  package func range(of path: String) -> SourceRange { root.place(of: path) }

  /// Whether the file says anything at a path.
  package func isWritten(_ path: String) -> Bool { root.value(at: path) != nil }

  /// Notes that the value at a path is wrong, and so is not known any more.
  package mutating func refuse(_ path: String) { root.forget(path) }

  /// Whether the value at a path is what the file says: neither it nor what surrounds it was refused.
  package func isKnown(_ path: String) -> Bool { root.isKnown(path) }

  /// Whether, moreover, nothing within the mapping at the path was refused. A broken item of a list spoils only itself.
  ///
  /// - `ignored`: paths of options within it that may be unknown, or only what they hold may.
  package func isWhole(_ path: String, ignoring ignored: Set<String> = [], insideOnly: Bool = false) -> Bool {
    guard isKnown(path), let node = root.value(at: path), node.items == nil else { return isKnown(path) }
    return node.isWhole(at: path) { path, node in ignored.contains(path) && (!insideOnly || !node.isUnknown) }
  }

  fileprivate func origin(of path: String) -> String {
    guard let range = root.value(at: path)?.range else { return "default" }
    guard range.source.isFile else { return "command line" }
    return "\(range.source.name.filter { !$0.isNewline }):\(range.line)"
  }
}
