/// A value together with the places that its parts were read from.
public struct Decoded<Value> {
  public let value: Value
  public let source: SourceMap
}

/// What could be read of a file that may be wrong: what was refused, or is not known, has its default.
public struct Draft<Value> {
  public let value: Value
  public let source: SourceMap
  public let problems: [Diagnostic]

  /// - Throws: everything that is wrong, in order of position.
  public func decoded() throws(Diagnostics) -> Decoded<Value> {
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
  ///   - unresolved: values whose references failed. What they stand for is not known, and neither is what it should be.
  ///   - cut: lists and mappings of which only the beginning is known.
  package init(
    _ root: Node, at start: SourceRange, registry: PluginRegistry, known: [Diagnostic], unresolved: Set<SourceRange>,
    cut: Set<SourceRange>
  ) {
    let visit = DecodingVisit(registry: registry, range: start, unresolved: unresolved, cut: cut)
    var value = Value()
    visit.decode(&value, from: root)
    problems = known + visit.problems.filter { !unresolved.contains($0.range) }
    (self.value, source) = (value, SourceMap(root: root, failed: visit.failed, spellings: visit.spellings))
  }
}

extension Draft: Sendable where Value: Sendable {}

extension Decoded where Value: Configurable {
  /// The resolved file, with a comment behind each value that says where it is written: `# default`, `# base.yaml:12`,
  /// `# command line`.
  public func annotatedYAML() -> String {
    let writing = WritingVisit()
    return writing.mapping(value).document { "  # " + source.origin(of: $0) }
  }
}

extension Decoded: Sendable where Value: Sendable {}

/// Finds where an option is written, for what can only be judged after decoding.
public struct SourceMap: Sendable {
  let root: Node
  private(set) var failed: Set<String>
  let spellings: [String: String]

  /// The place of the value at a path such as `losses[1].temperature`, or of the closest written value that surrounds it.
  public func range(of path: String) -> SourceRange { root.place(of: path) { spellings[$0] } }

  /// Whether the file says anything at a path.
  public func isWritten(_ path: String) -> Bool {
    PathStep.steps(of: path, in: root.range.source).flatMap { root.value(at: $0) } != nil
  }

  /// Notes that the value at a path is wrong, and so is not known any more.
  public mutating func refuse(_ path: String) { failed.insert(path) }

  /// Whether the value at a path is what the file says: neither it nor what surrounds it was refused.
  public func isKnown(_ path: String) -> Bool { DistillOptions.isKnown(path, failed: failed) }

  /// Whether, moreover, nothing within the mapping at the path was refused. A broken item of a list spoils only itself.
  public func isWhole(_ path: String) -> Bool {
    isKnown(path) && !failed.contains { $0.hasPrefix(path + ".") }
  }
}

func isKnown(_ path: String, failed: Set<String>) -> Bool {
  !failed.contains { $0.isEmpty || path == $0 || path.hasPrefix($0 + ".") || path.hasPrefix($0 + "[") }
}

extension Node {
  /// The place of the value at a path, or of the closest written value that surrounds it.
  ///
  /// - Parameter spelling: the key that is written for an option, where it is misspelt.
  func place(of path: String, spelling: (String) -> String?) -> SourceRange {
    var (node, walked) = (self, "")
    for step in path.split(whereSeparator: { ".[]".contains($0) }) {
      switch node.content {
      case .mapping:
        walked += (walked.isEmpty ? "" : ".") + step
        guard let child = node[String(step)] ?? spelling(walked).flatMap({ node[$0] }) else { return node.range }
        node = child
      case .sequence(let items):
        guard let index = Int(step), items.indices.contains(index) else { return node.range }
        walked += "[\(index)]"
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
