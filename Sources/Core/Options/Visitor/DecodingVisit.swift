/// Reads a tree of nodes into the properties, collecting everything that is wrong.
///
/// What is wrong does not end the reading: a misspelt key or name is taken for the one that was probably meant, and a value
/// that is none leaves the default and becomes unknown in the tree that is given back.
final class DecodingVisit: OptionVisit {
  private(set) var problems: [Diagnostic] = []
  private let registry: PluginRegistry
  private var scope: Scope

  /// The mapping that is being visited.
  private struct Scope {
    /// What has been read of it is in it as it was read.
    var node: Node
    /// Set for a section that is not in the file: what its keys are called from the mapping that is.
    var prefix = ""
    var declared: Set<String> = []
    /// Set where the plugin is not known whose options these are.
    var isUnknown = false
  }

  init(registry: PluginRegistry, range: SourceRange) {
    self.registry = registry
    scope = Scope(node: Node(content: .mapping([]), range: range))
  }

  /// Visits the options of `value` in a mapping.
  /// - Returns: the mapping as it was read: every value under its right name, and what could not be read is unknown.
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
      let standIn: (V, Node)? = standIn(for: node, context)
      if let standIn { value = standIn.0 }
      scope.node.set(key.name, standIn?.1 ?? node.unknown)
    }
  }

  func section<T: Configurable>(_ key: OptionKey, _ value: inout T) {
    if let node = declare(key) { return scope.node.set(key.name, decode(&value, from: node, isRoot: false)) }
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

  /// Notes that the key exists, and gives its value if it is there and known.
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

  /// The same, where `null` says that there is to be no value.
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

  /// A list in which a sound item stands for each broken one, so that the rest can be judged; and what is known of it.
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

  /// Reports the keys that nobody declares, and gives them the names that were meant.
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

  /// - Returns: what is known of the mapping then.
  private func within(_ inner: Scope, _ body: () -> Void) -> Node {
    let outer = scope
    scope = inner
    defer { scope = outer }
    body()
    return scope.isUnknown ? scope.node.unknown : scope.node
  }
}
