/// Reads a tree of nodes into the properties, collecting everything that is wrong.
///
/// What is wrong does not end the reading: a misspelt key or name is taken for the one that was probably meant, a value that
/// is none leaves the default and its path in `failed`.
final class DecodingVisit: OptionVisit {
  private(set) var problems: [Diagnostic] = []
  /// Paths of the options whose values are not known, and of those that were refused.
  private(set) var failed: Set<String> = []
  /// The key that is written for an option, by the option's path, where it is misspelt.
  private(set) var spellings: [String: String] = [:]
  private let registry: PluginRegistry
  private let unresolved: Set<SourceRange>
  private let cut: Set<SourceRange>
  private var scope: Scope

  /// The mapping that is being visited.
  private struct Scope {
    var entries: [Node.Entry]
    /// Where a missing key is reported.
    var range: SourceRange
    var path = ""
    /// Set for a section that is not in the file: what its keys are called from the mapping that is.
    var prefix = ""
    var declared: Set<String> = []
  }

  /// - Parameter unresolved: values whose references failed, and are not known.
  /// - Parameter cut: lists and mappings that more may follow in: what they do not hold is not known.
  init(registry: PluginRegistry, range: SourceRange, unresolved: Set<SourceRange>, cut: Set<SourceRange>) {
    (self.registry, self.unresolved, self.cut) = (registry, unresolved, cut)
    scope = Scope(entries: [], range: range)
  }

  /// Visits the options of `value` in the mapping `node`.
  func decode<T: Configurable>(_ value: inout T, from node: Node, at path: String = "") {
    inside(node, at: path) { $0.visitOptions(of: &value) }
  }

  func value<V: OptionValue>(_ key: OptionKey, _ value: inout V, in range: OptionRange) {
    guard let node = declare(key) else { return }
    if cut.contains(node.range) { return unknown(key) }
    let context = OptionContext(range: range)
    do throws(Diagnostics) {
      value = try V(node, context)
    } catch {
      problems += error.list
      if let (list, broken) = standIn(for: node, context) as (V, [Int])? {
        value = list
        failed.formUnion(broken.map { "\(path(to: key.name))[\($0)]" })
      } else {
        failed.insert(path(to: key.name))
      }
    }
  }

  func section<T: Configurable>(_ key: OptionKey, _ value: inout T) {
    if let node = declare(key) { return decode(&value, from: node, at: path(to: key.name)) }
    let prefix = scope.prefix + key.name + "."
    within(Scope(entries: [], range: scope.range, path: path(to: key.name), prefix: prefix)) {
      visitOptions(of: &value)
    }
  }

  func optionalSection<T: Configurable>(_ key: OptionKey, _ value: inout T?) {
    guard let node = declareOptional(key, &value) else { return }
    var section = T()
    decode(&section, from: node, at: path(to: key.name))
    value = section
  }

  func sections<T: Configurable>(_ key: OptionKey, _ value: inout [T]) {
    guard let node = declare(key) else { return }
    guard let items = node.items else { return fail(path(to: key.name), node, expected: .sections) }
    defer { if cut.contains(node.range) { unknown(key) } }
    value = items.enumerated().map { index, item in
      var section = T()
      decode(&section, from: item, at: "\(path(to: key.name))[\(index)]")
      return section
    }
  }

  func plugin<P>(_ key: OptionKey, _ value: inout P?) {
    guard let node = declareOptional(key, &value) else { return }
    guard node.entries != nil else {
      let hint = useHint(node) ?? "write {use: NAME}; \(known(P.self))"
      return fail(path(to: key.name), node, expected: .plugin(kind: registry.kindName(of: P.self)), hint: hint)
    }
    inside(node, at: path(to: key.name)) { $0.use(&value, key.summary) }
  }

  func use<P>(_ value: inout P?, _ summary: String) {
    let kind = registry.kindName(of: P.self)
    guard let node = declare(OptionKey("use", true, summary), hint: known(P.self)) else {
      failed.insert(scope.path)
      return
    }
    guard let scalar = node.scalar, scalar.isText else {
      return fail(scope.path, node, expected: .pluginName(kind: kind), hint: known(P.self))
    }
    let type = registry.plugin(meantBy: scalar.text, as: P.self)
    if type?.name != scalar.text {
      var hint = suggestion(for: scalar.text, among: registry.plugins(of: P.self).map(\.name)) ?? known(P.self)
      if let other = registry.plugins.first(where: { $0.name == scalar.text }) {
        hint = "that is a \(other.kind); \(hint)"
      }
      problems.append(Diagnostic("unknown \(kind) `\(scalar.text)`", at: node.range, hint: hint))
    }
    guard let type else {
      failed.insert(scope.path)
      return
    }
    value = make(type) as? P
  }

  func reject(_ key: String, _ message: String, _ hint: String?, given: [String]) {
    let place = path(to: key)
    guard ([key] + given).allSatisfy({ isKnown(path(to: $0), failed: failed) }) else { return }
    let here = Node(content: .mapping(scope.entries), range: scope.range)
    problems.append(Diagnostic(message, at: here.place(of: key) { _ in nil }, hint: hint))
    failed.insert(place)
  }

  private func make<T: Plugin>(_ type: T.Type) -> T {
    var plugin = type.init()
    visitOptions(of: &plugin)
    return plugin
  }

  private func known<P>(_: P.Type) -> String {
    let names = registry.plugins(of: P.self).map { "`\($0.name)`" }
    return "known here: " + (names.isEmpty ? "none" : names.joined(separator: ", "))
  }

  private func useHint(_ node: Node) -> String? {
    guard let scalar = node.scalar, !node.isNull else { return nil }
    return "write {use: \(scalar.text.prefix(40))}"
  }

  private func path(to key: String) -> String { scope.path.isEmpty ? key : "\(scope.path).\(key)" }

  private func unknown(_ key: OptionKey) { failed.insert(path(to: key.name)) }

  /// Notes that the key exists, and gives its value if it is there and known.
  private func declare(_ key: OptionKey, hint: String? = nil) -> Node? {
    if !scope.declared.insert(key.name).inserted {
      problems.append(Diagnostic("two options are called `\(key.name)`: this is a bug of the plugin", at: scope.range))
    }
    let node = scope.entries.first { $0.key == key.name }?.value
    if node == nil, cut.contains(scope.range) {
      unknown(key)
    } else if node == nil, key.isRequired, !failed.contains(path(to: key.name)) {
      let message = "missing key `\(scope.prefix)\(key.name)`"
      problems.append(Diagnostic(message, at: scope.range, hint: hint ?? key.summary))
      failed.insert(path(to: key.name))
    }
    guard let node, unresolved.contains(node.range) else { return node }
    unknown(key)
    return nil
  }

  /// The same, where `null` says that there is to be no value.
  private func declareOptional<T>(_ key: OptionKey, _ value: inout T?) -> Node? {
    guard let node = declare(key) else { return nil }
    guard node.isNull, !key.isRequired else { return node }
    value = nil
    return nil
  }

  private func fail(_ path: String, _ node: Node, expected: OptionShape, hint: String? = nil) {
    problems += node.mismatch(expected, hint: hint).list
    failed.insert(path)
  }

  /// A list in which a sound item stands for each broken one, so that the rest can be judged; and which are broken.
  private func standIn<V: OptionValue>(for node: Node, _ context: OptionContext) -> (V, broken: [Int])? {
    guard var items = node.items else { return nil }
    func list(_ items: [Node]) -> V? { try? V(Node(content: .sequence(items), range: node.range), context) }
    let isSound = items.map { list([$0]) != nil }
    guard let first = isSound.firstIndex(of: true) else { return nil }
    let broken = items.indices.filter { !isSound[$0] }
    for index in broken { items[index] = items[first] }
    return list(items).map { ($0, broken) }
  }

  private func inside(_ node: Node, at path: String, _ body: (any OptionVisit) -> Void) {
    let naming = NamingVisit(registry, node.entries ?? [])
    body(naming)
    guard let entries = node.entries else {
      let keys = "its keys are \(naming.names.map { "`\($0)`" }.joined(separator: ", "))"
      let hint = naming.usesPlugin ? useHint(node) : node.isNull || path.isEmpty ? nil : keys
      return fail(path, node, expected: .section, hint: hint)
    }
    let scope = Scope(entries: entries, range: node.range, path: path)
    within(scope) {
      joinLooseNumbers()
      if naming.isComplete { readUnknownKeys(naming) }
      body(self)
    }
  }

  /// Reports `{layers: 2, 4}`, in which YAML sees the value 2 and a key 4 without one.
  private func joinLooseNumbers() {
    func isNumber(_ entry: Node.Entry) -> Bool { entry.value.scalar?.text == "" && Int(entry.key) != nil }
    while let start = scope.entries.indices.dropFirst().first(where: { isNumber(scope.entries[$0]) }) {
      let (first, loose) = (scope.entries[start - 1], scope.entries[start...].prefix(while: isNumber))
      guard let scalar = first.value.scalar, !isNumber(first) else { return }
      let list = ([scalar.text] + loose.map(\.key)).joined(separator: ", ")
      problems.append(
        Diagnostic("a list stands in brackets", at: first.value.range, hint: "write `\(first.key): [\(list)]`"))
      failed.insert(path(to: first.key))
      scope.entries.removeSubrange(start - 1..<loose.endIndex)
    }
  }

  /// Reports the keys that nobody declares, and gives them the names that were meant.
  private func readUnknownKeys(_ naming: NamingVisit) {
    let written = Set(scope.entries.map(\.key))
    var missing = naming.names.filter { !written.contains($0) }
    let names = Set(naming.names)
    for (index, entry) in scope.entries.enumerated() where !names.contains(entry.key) {
      let near = nearestNames(to: entry.key, among: missing)
      var hint = suggestion(for: entry.key, among: missing)
      if near.isEmpty, let near = nearestNames(to: entry.key, among: naming.names).first,
        let given = scope.entries.first(where: { $0.key == near })
      {
        hint = "did you mean `\(near)`, which is given in \(given.keyRange)?"
      } else if near.isEmpty, let section = naming.sections[entry.key] {
        hint = "`\(entry.key)` is an option of `\(section)`"
      }
      let isGlued = entry.value.isNull && entry.key.contains(":")
      if isGlued { hint = "a colon is followed by a space: `\(entry.key.replacing(":", with: ": "))`" }
      problems.append(Diagnostic("unknown key `\(entry.key)`", at: entry.keyRange, hint: hint))
      guard near.count == 1, !isGlued else {
        failed.formUnion(near.map(path(to:)))
        continue
      }
      scope.entries[index] = Node.Entry(key: near[0], keyRange: entry.keyRange, value: entry.value)
      spellings[path(to: near[0])] = entry.key
      missing.removeAll { $0 == near[0] }
    }
  }

  private func within(_ inner: Scope, _ body: () -> Void) {
    let outer = scope
    scope = inner
    body()
    scope = outer
  }
}
