extension Node {
  /// A node at the same place whose value is unknown.
  var unknown: Node { Node(content: .unknown, range: range) }

  var isUnknown: Bool { if case .unknown = content { true } else { false } }

  /// Returns the value at a path such as `losses[1].weight`, or `nil` if nothing is written there.
  package func value(at path: String) -> Node? {
    let (nodes, isThere) = way(to: path)
    return isThere ? nodes.last : nil
  }

  /// Returns the place of the value at a path, or of the innermost written value around it.
  func place(of path: String) -> SourceRange { way(to: path).nodes.last?.range ?? range }

  /// Returns whether neither the value at a path nor a value around it is unknown. The value may be left to its default.
  func isKnown(_ path: String) -> Bool { !way(to: path).nodes.contains(where: \.isUnknown) }

  /// Returns whether nothing in this tree is unknown.
  ///
  /// - `isLeftOut`: Returns whether a node is to be ignored. It receives the node and its path.
  func isWhole(at path: String, leavingOut isLeftOut: (_ path: String, Node) -> Bool) -> Bool {
    if isLeftOut(path, self) { return true }
    switch content {
    case .unknown: return false
    case .scalar: return true
    case .sequence(let items):
      // In a list of plain values, decoding has put a correct value in the place of each broken one.
      let isOfValues = items.contains { !$0.isUnknown && $0.entries == nil }
      return items.enumerated().allSatisfy { index, item in
        isOfValues && item.isUnknown || item.isWhole(at: "\(path)[\(index)]", leavingOut: isLeftOut)
      }
    case .mapping(let entries):
      return entries.allSatisfy { $0.value.isWhole(at: "\(path).\($0.key)", leavingOut: isLeftOut) }
    }
  }

  /// Makes the value at a path unknown, whether or not it is written.
  mutating func forget(_ path: String) { forget(Self.steps(path)[...]) }

  private mutating func forget(_ steps: ArraySlice<Substring>) {
    guard let step = steps.first else { return content = .unknown }
    var child = child(step) ?? Node(content: .mapping([]), range: range)
    child.forget(steps.dropFirst())
    set(step, child)
  }

  /// Replaces the value of a key or of an item such as `[1]`. A missing key is added.
  package mutating func set(_ step: some StringProtocol, _ value: Node, keyRange: SourceRange? = nil) {
    switch content {
    case .mapping(var entries):
      if let index = entries.firstIndex(where: { $0.key == step }) {
        entries[index].value = value
      } else {
        entries.append(Entry(key: String(step), keyRange: keyRange ?? range, value: value))
      }
      content = .mapping(entries)
    case .sequence(var items):
      if let index = Self.index(step, in: items) { items[index] = value }
      content = .sequence(items)
    case .scalar, .unknown: content = .unknown
    }
  }

  private func child(_ step: some StringProtocol) -> Node? {
    if let items { return Self.index(step, in: items).map { items[$0] } }
    return self[String(step)]
  }

  /// Returns this node and the nodes on the path, as far as they are written, and whether the path is written completely.
  private func way(to path: String) -> (nodes: [Node], isThere: Bool) {
    var nodes = [self]
    for step in Self.steps(path) {
      guard let child = nodes.last?.child(step) else { return (nodes, false) }
      nodes.append(child)
    }
    return (nodes, true)
  }

  /// Splits a path into steps such as `losses`, `[1]` and `weight`.
  private static func steps(_ path: String) -> [Substring] { path.replacing("[", with: ".[").split(separator: ".") }

  private static func index(_ step: some StringProtocol, in items: [Node]) -> Int? {
    guard step.hasPrefix("["), let index = Int(step.dropFirst().dropLast()) else { return nil }
    return items.indices.contains(index) ? index : nil
  }
}
