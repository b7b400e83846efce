/// A value, and the places that its parts were read from.
public struct Decoded<Value> {
  public let value: Value
  package let source: SourceMap
}

/// A value read from a file that may contain mistakes. Options that could not be read have their defaults.
package struct Draft<Value> {
  package let value: Value
  package let source: SourceMap
  package let problems: [Diagnostic]
  /// The plugins that the file could name.
  package let registry: PluginRegistry

  /// Returns the value if the file contains no mistakes.
  ///
  /// - Throws: All mistakes, in order of position.
  package func decoded() throws(Diagnostics) -> Decoded<Value> {
    guard problems.isEmpty else { throw Diagnostics(problems) }
    return Decoded(value: value, source: source)
  }
}

extension Draft where Value: Configurable {
  /// Reads a tree as the options of a value.
  ///
  /// - `start`: The beginning of the file.
  /// - `known`: The mistakes that were found before.
  package init(_ root: Node, at start: SourceRange, registry: PluginRegistry, known: [Diagnostic]) {
    let visit = DecodingVisit(registry: registry, range: start)
    var value = Value()
    source = SourceMap(root: visit.decode(&value, from: root))
    (self.value, self.registry, problems) = (value, registry, known + visit.problems)
  }
}

extension Draft: Sendable where Value: Sendable {}

extension Decoded where Value: Configurable {
  /// Returns the resolved file with a comment after each value that says where it is written: `# default`, `# base.yaml:12` or
  /// `# command line`.
  package func annotatedYAML() -> String {
    let writing = WritingVisit()
    return writing.mapping(value).document { "  # " + source.origin(of: $0) }
  }
}

extension Decoded: Sendable where Value: Sendable {}

/// Finds the place where an option is written, for checks that are only possible after decoding.
package struct SourceMap: Sendable {
  /// The tree as it was read: keys have their correct names, and what could not be read is unknown.
  private(set) var root: Node

  init(root: Node) { self.root = root }

  /// Returns the place of the value at a path such as `losses[1].temperature`, or of the innermost written value around it.
  package func range(of path: String) -> SourceRange { root.place(of: path) }

  /// Returns whether the file contains a value at a path.
  package func isWritten(_ path: String) -> Bool { root.value(at: path) != nil }

  /// Notes that the value at a path is wrong and therefore unknown from now on.
  package mutating func refuse(_ path: String) { root.forget(path) }

  /// Returns whether the value at a path is what the file says, which means that neither it nor a value around it was refused.
  package func isKnown(_ path: String) -> Bool { root.isKnown(path) }

  /// Returns whether the value at a path is known and, if it is a mapping, nothing in it was refused.
  ///
  /// A list counts as whole if it is known itself, because a broken item affects only itself.
  ///
  /// - `ignored`: The paths of options in the mapping that may be unknown.
  /// - `insideOnly`: Whether the ignored options must be known themselves, and only values inside them may be unknown.
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
