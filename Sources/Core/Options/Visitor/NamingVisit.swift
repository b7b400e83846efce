/// Asks which keys a mapping may have, before it is read: a misspelt key can then be taken for the one that was meant.
final class NamingVisit: OptionVisit {
  private(set) var names: [String] = []
  /// Options of the sections in this mapping, and the section of each.
  private(set) var sections: [String: String] = [:]
  /// Whether a `use` among the keys names a plugin.
  private(set) var usesPlugin = false
  /// False when that plugin is not known, and so neither are its keys.
  private(set) var isComplete = true
  private let registry: PluginRegistry
  private let entries: [Node.Entry]

  init(_ registry: PluginRegistry, _ entries: [Node.Entry] = []) { (self.registry, self.entries) = (registry, entries) }

  func value<V: OptionValue>(_ key: OptionKey, _ value: inout V, in range: OptionRange) { names.append(key.name) }
  func section<T: Configurable>(_ key: OptionKey, _ value: inout T) { add(key, T()) }
  func optionalSection<T: Configurable>(_ key: OptionKey, _ value: inout T?) { add(key, T()) }
  func sections<T: Configurable>(_ key: OptionKey, _ value: inout [T]) { names.append(key.name) }
  func plugin<P>(_ key: OptionKey, _ value: inout P?) { names.append(key.name) }

  func use<P>(_ value: inout P?, _ summary: String) {
    names.append("use")
    usesPlugin = true
    let written =
      entries.first { $0.key == "use" } ?? entries.first { !nearestNames(to: $0.key, among: ["use"]).isEmpty }
    guard let name = written?.value.scalar?.text, let type = registry.plugin(meantBy: name, as: P.self) else {
      isComplete = false
      return
    }
    visit(type.init())
  }

  private func add<T: Configurable>(_ key: OptionKey, _ section: T) {
    names.append(key.name)
    let nested = NamingVisit(registry)
    nested.visit(section)
    for name in nested.names where sections[name] == nil { sections[name] = key.name }
  }

  private func visit<T: Configurable>(_ value: T) {
    var value = value
    visitOptions(of: &value)
  }
}
