/// Reads a tree of nodes into properties, and collects all mistakes.
///
/// A mistake does not end the reading. A misspelt key or name is replaced by the one that was probably meant. If a value cannot
/// be read, the property keeps its default, and the value is unknown in the resulting tree.
final class DecodingVisit: OptionVisit {
  private(set) var problems: [Diagnostic] = []
  private let registry: PluginRegistry
  private var scope: Scope

  /// The mapping that is being visited.
  private struct Scope {
    /// The mapping. Each value is replaced in it after it has been read.
    var node: Node
    /// For a section that the file does not contain: the path to it from the mapping that surrounds it.
    var prefix = ""
    /// The keys that have been visited.
    var declared: Set<String> = []
    /// Whether the mapping belongs to an unknown plugin, so that its options are not known.
    var isUnknown = false
  }

  init(registry: PluginRegistry, range: SourceRange) {
    self.registry = registry
    scope = Scope(node: Node(content: .mapping([]), range: range))
  }

  /// Visits the options of `value` in a mapping.
  ///
  /// - Returns: The mapping as it was read: keys have their correct names, and what could not be read is unknown.
  func decode<T: Configurable>(_ value: inout T, from node: Node, isRoot: Bool = true) -> Node {
    inside(node, isRoot: isRoot) { $0.visitOptions(of: &value) }
  }

  func value<V: OptionValue>(_ key: OptionKey, _ value: inout V, in range: OptionRange) {
    guard let node = declare(key) else { return }
    if node.isOpen { return scope.node.forget(key.name) }
    let context = OptionContext(range: range)
    do throws(Diagnostics) {
      value = try V(node, context)
    } catch {
      problems += error.list
      // A partly broken list keeps its correct items, so that later checks can judge them.
      let standIn: (V, Node)? = standIn(for: node, context)
      if let standIn { value = standIn.0 }
      scope.node.set(key.name, standIn?.1 ?? node.unknown)
    }
  }

  func section<T: Configurable>(_ key: OptionKey, _ value: inout T) {
    if let node = declare(key) { return scope.node.set(key.name, decode(&value, from: node, isRoot: false)) }
    // A missing section is visited as an empty mapping, so that its required options are reported.
    let absent = Node(content: .mapping([]), range: scope.node.range, isOpen: scope.node.isOpen)
    let section = within(Scope(node: absent, prefix: scope.prefix + key.name + ".")) { visitOptions(of: &value) }
    if scope.node[key.name] == nil, section.entries?.isEmpty == false { scope.node.set(key.name, section) }
  }

  func optionalSection<T: Configurable>(_ key: OptionKey, _ value: inout T?) {
    guard let node = declareOptional(key, &value) else { return }
    var section = T()
    scope.node.set(key.name, decode(&section, from: node, isRoot: false))
    value = section
  }

  func sections<T: Configurable>(_ key: OptionKey, _ value: inout [T]) {
    guard let node = declare(key) else { return }
    guard let items = node.items else { return fail(key, node, expected: .sections) }
    value = items.map { _ in T() }
    let read = items.indices.map { decode(&value[$0], from: items[$0], isRoot: false) }
    scope.node.set(key.name, node.isOpen ? node.unknown : Node(content: .sequence(read), range: node.range))
  }

  func plugin<P>(_ key: OptionKey, _ value: inout P?) {
    guard let node = declareOptional(key, &value) else { return }
    guard node.entries != nil else {
      let kind = registry.kindName(of: P.self)
      return fail(key, node, expected: .plugin(kind: kind), hint: useHint(node) ?? "write {use: NAME}; \(known(kind))")
    }
    scope.node.set(key.name, inside(node, isRoot: false) { $0.use(&value, key.summary) })
  }

  func use<P>(_ value: inout P?, _ summary: String) {
    // The plugin is unknown until its name has been found.
    scope.isUnknown = true
    let kind = registry.kindName(of: P.self)
    guard let node = declare(OptionKey("use", true, summary), hint: known(kind)) else { return }
    guard let scalar = node.scalar, scalar.isText else {
      problems += node.mismatch(.pluginName(kind: kind), hint: known(kind)).list
      return
    }
    let type = registry.plugin(meantBy: scalar.text, ofKind: kind)
    if type?.name != scalar.text {
      var hint = suggestion(for: scalar.text, among: registry.plugins(ofKind: kind).map(\.name)) ?? known(kind)
      if let other = registry.plugins.first(where: { $0.name == scalar.text }) {
        hint = "that is a \(other.kind); \(hint)"
      }
      problems.append(Diagnostic("unknown \(kind) `\(scalar.text)`", at: node.range, hint: hint))
    }
    guard let type else { return }
    scope.isUnknown = false
    value = make(type) as? P
  }

  func reject(_ key: String, _ message: String, _ hint: String?, given: [String]) {
    guard !scope.isUnknown, ([key] + given).allSatisfy(scope.node.isKnown) else { return }
    problems.append(Diagnostic(message, at: scope.node.place(of: key), hint: hint))
    scope.node.forget(key)
  }

  private func make<T: Plugin>(_ type: T.Type) -> T {
    var plugin = type.init()
    visitOptions(of: &plugin)
    return plugin
  }

  private func known(_ kind: String) -> String {
    let names = registry.plugins(ofKind: kind).map { "`\($0.name)`" }
    return "known here: " + (names.isEmpty ? "none" : names.joined(separator: ", "))
  }

  private func useHint(_ node: Node) -> String? {
    guard let scalar = node.scalar, !node.isNull else { return nil }
    return "write {use: \(scalar.text.prefix(40))}"
  }

  /// Notes that a key exists, and returns its value if it is written and known.
  private func declare(_ key: OptionKey, hint: String? = nil) -> Node? {
    let range = scope.node.range
    if !scope.declared.insert(key.name).inserted {
      problems.append(Diagnostic("two options are called `\(key.name)`: this is a bug of the plugin", at: range))
    }
    if let node = scope.node[key.name] { return node.isUnknown ? nil : node }
    if key.isRequired, !scope.node.isOpen {
      let message = "missing key `\(scope.prefix)\(key.name)`"
      problems.append(Diagnostic(message, at: range, hint: hint ?? key.summary))
    }
    if key.isRequired || scope.node.isOpen { scope.node.forget(key.name) }
    return nil
  }

  /// Notes that a key exists, and returns its value if it is written and known. If it is not required, `null` sets `value`
  /// to `nil` instead.
  private func declareOptional<T>(_ key: OptionKey, _ value: inout T?) -> Node? {
    guard let node = declare(key) else { return nil }
    guard node.isNull, !key.isRequired else { return node }
    value = nil
    return nil
  }

  private func fail(_ key: OptionKey, _ node: Node, expected: OptionShape, hint: String? = nil) {
    problems += node.mismatch(expected, hint: hint).list
    scope.node.forget(key.name)
  }

  /// Returns a list in which a correct item replaces each broken one, so that the other items can be checked, and the list as it
  /// is known.
  private func standIn<V: OptionValue>(for node: Node, _ context: OptionContext) -> (V, Node)? {
    guard let items = node.items else { return nil }
    func list(_ items: [Node]) -> V? { try? V(Node(content: .sequence(items), range: node.range), context) }
    let isSound = items.map { list([$0]) != nil }
    guard let first = isSound.firstIndex(of: true) else { return nil }
    let known = items.indices.map { isSound[$0] ? items[$0] : items[$0].unknown }
    return list(items.indices.map { items[isSound[$0] ? $0 : first] })
      .map { ($0, Node(content: .sequence(known), range: node.range)) }
  }

  private func inside(_ node: Node, isRoot: Bool, _ body: (any OptionVisit) -> Void) -> Node {
    let keys = MappingKeys(of: node, registry, body)
    guard node.entries != nil else {
      let names = "its keys are \(keys.names.map { "`\($0)`" }.joined(separator: ", "))"
      let hint = keys.usesPlugin ? useHint(node) : node.isNull || isRoot ? nil : names
      problems += node.mismatch(.section, hint: hint).list
      return node.unknown
    }
    return within(Scope(node: node)) {
      if keys.isComplete { readUnknownKeys(keys) }
      body(self)
    }
  }

  /// Reports the keys that no option declares, and renames a key if it is clear which one was meant.
  private func readUnknownKeys(_ keys: MappingKeys) {
    guard var entries = scope.node.entries else { return }
    var missing = keys.names.filter { scope.node[$0] == nil }
    var unclear: [String] = []
    for (index, entry) in entries.enumerated() where !keys.names.contains(entry.key) {
      let near = nearestNames(to: entry.key, among: missing)
      var hint = suggestion(for: entry.key, among: missing)
      if near.isEmpty, let near = nearestNames(to: entry.key, among: keys.names).first,
        let given = entries.first(where: { $0.key == near })
      {
        hint = "did you mean `\(near)`, which is given in \(given.keyRange)?"
      } else if near.isEmpty, let section = keys.sections[entry.key] {
        hint = "`\(entry.key)` is an option of `\(section)`"
      }
      let isGlued = entry.value.isNull && entry.key.contains(":")
      if isGlued { hint = "a colon is followed by a space: `\(entry.key.replacing(":", with: ": "))`" }
      problems.append(Diagnostic("unknown key `\(entry.key)`", at: entry.keyRange, hint: hint))
      guard near.count == 1, !isGlued else {
        unclear += near
        continue
      }
      entries[index] = Node.Entry(key: near[0], keyRange: entry.keyRange, value: entry.value)
      missing.removeAll { $0 == near[0] }
    }
    scope.node.content = .mapping(entries)
    for name in unclear { scope.node.forget(name) }
  }

  /// Visits a mapping.
  ///
  /// - Returns: What is known of the mapping afterwards.
  private func within(_ inner: Scope, _ body: () -> Void) -> Node {
    let outer = scope
    scope = inner
    defer { scope = outer }
    body()
    return scope.isUnknown ? scope.node.unknown : scope.node
  }
}
