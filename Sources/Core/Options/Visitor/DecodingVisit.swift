/// Reads a tree of nodes into the properties, collecting everything that is wrong.
final class DecodingVisit: OptionVisit {
  private(set) var problems: [Diagnostic] = []
  private let registry: PluginRegistry
  private var scope: Scope

  /// The mapping that is being visited.
  private struct Scope {
    var entries: [Node.Entry]
    /// Where a missing key is reported.
    var range: SourceRange
    /// Set for a section that is not in the file: what its keys are called from the mapping that is.
    var prefix = ""
    var declared: [String] = []
    var failed: Set<String> = []
    /// False when a plugin is not known, and so neither are its keys.
    var knowsItsKeys = true
  }

  init(registry: PluginRegistry, range: SourceRange) {
    self.registry = registry
    scope = Scope(entries: [], range: range)
  }

  /// Visits the options of `value` in the mapping `node`.
  func decode<T: Configurable>(_ value: inout T, from node: Node) {
    inside(node) { visitOptions(of: &value) }
  }

  func value<V: OptionValue>(_ key: OptionKey, _ value: inout V, in range: OptionRange) {
    guard let node = declare(key) else { return }
    do throws(Diagnostics) {
      value = try V(node, OptionContext(range: range))
    } catch {
      problems += error.list
      scope.failed.insert(key.name)
    }
  }

  func section<T: Configurable>(_ key: OptionKey, _ value: inout T) {
    if let node = declare(key) {
      decode(&value, from: node)
    } else {
      let prefix = scope.prefix + key.name + "."
      within(Scope(entries: [], range: scope.range, prefix: prefix)) { visitOptions(of: &value) }
    }
  }

  func optionalSection<T: Configurable>(_ key: OptionKey, _ value: inout T?) {
    guard let node = declareOptional(key, &value) else { return }
    var section = T()
    decode(&section, from: node)
    value = section
  }

  func sections<T: Configurable>(_ key: OptionKey, _ value: inout [T]) {
    guard let node = declare(key) else { return }
    guard let items = node.items else { return fail(key, node, expected: .sections) }
    value = items.map { item in
      var section = T()
      decode(&section, from: item)
      return section
    }
  }

  func plugin<P>(_ key: OptionKey, _ value: inout P?) {
    guard let node = declareOptional(key, &value) else { return }
    guard node.entries != nil else {
      let hint = node.scalar.map { "write {use: \($0.text.prefix(40))}" }
      return fail(key, node, expected: .plugin(kind: registry.kindName(of: P.self)), hint: hint)
    }
    inside(node) { use(&value, key.summary) }
  }

  func use<P>(_ value: inout P?, _ summary: String) {
    let kind = registry.kindName(of: P.self)
    let names = registry.plugins(of: P.self).map(\.name)
    let known = "known here: " + (names.isEmpty ? "none" : names.map { "`\($0)`" }.joined(separator: ", "))
    scope.knowsItsKeys = false
    guard let node = declare(OptionKey("use", true, summary), hint: known) else { return }
    let name: String
    do throws(Diagnostics) {
      name = try String(node, OptionContext(range: .any))
    } catch {
      return fail(OptionKey("use", true, summary), node, expected: .pluginName(kind: kind), hint: known)
    }
    guard let type = registry.plugins(of: P.self).first(where: { $0.name == name })?.type else {
      let near = nearestNames(to: name, among: names)
      let hint = near.isEmpty ? known : "did you mean \(alternatives(near))?"
      problems.append(Diagnostic("unknown \(kind) `\(name)`", at: node.range, hint: hint))
      return
    }
    scope.knowsItsKeys = true
    value = make(type) as? P
  }

  func reject(_ key: String, _ message: String, _ hint: String?) {
    guard !scope.failed.contains(key) else { return }
    let place = scope.entries.first { $0.key == key }?.value.range ?? scope.range
    problems.append(Diagnostic(message, at: place, hint: hint))
  }

  private func make<T: Plugin>(_ type: T.Type) -> T {
    var plugin = type.init()
    visitOptions(of: &plugin)
    return plugin
  }

  /// Notes that the key exists, and gives its value if it is there.
  private func declare(_ key: OptionKey, hint: String? = nil) -> Node? {
    if scope.declared.contains(key.name) {
      problems.append(Diagnostic("two options are called `\(key.name)`: this is a bug of the plugin", at: scope.range))
    }
    scope.declared.append(key.name)
    let node = scope.entries.first { $0.key == key.name }?.value
    if node == nil, key.isRequired {
      problems.append(
        Diagnostic("missing key `\(scope.prefix)\(key.name)`", at: scope.range, hint: hint ?? key.summary))
    }
    return node
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
    scope.failed.insert(key.name)
  }

  private func inside(_ node: Node, _ body: () -> Void) {
    guard let entries = node.entries else {
      problems += node.mismatch(.section).list
      return
    }
    within(Scope(entries: entries, range: node.range)) {
      body()
      guard scope.knowsItsKeys else { return }
      let missing = scope.declared.filter { name in !entries.contains { $0.key == name } }
      for entry in entries where !scope.declared.contains(entry.key) {
        var hint = suggestion(for: entry.key, among: missing)
        if nearestNames(to: entry.key, among: missing).isEmpty,
          let near = nearestNames(to: entry.key, among: scope.declared).first,
          let given = entries.first(where: { $0.key == near })
        {
          hint = "did you mean `\(near)`, which is given in \(given.keyRange)?"
        }
        problems.append(Diagnostic("unknown key `\(entry.key)`", at: entry.keyRange, hint: hint))
      }
    }
  }

  private func within(_ inner: Scope, _ body: () -> Void) {
    let outer = scope
    scope = inner
    body()
    scope = outer
  }
}
