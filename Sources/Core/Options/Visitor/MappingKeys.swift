/// The keys that a mapping may have, asked before it is read: a misspelt key can then be taken for the one that was meant.
struct MappingKeys {
  private(set) var names: [String] = []
  /// Options of the sections in this mapping, and the section of each.
  private(set) var sections: [String: String] = [:]
  /// Whether a `use` among the keys names a plugin.
  private(set) var usesPlugin = false
  /// False when that plugin is not known, and so neither are its keys.
  private(set) var isComplete = true

  /// - Parameter visit: lists the options.
  init(of node: Node, _ registry: PluginRegistry, _ visit: (any OptionVisit) -> Void) {
    for option in DescribingVisit(registry: registry).describe(visit) {
      add(option)
      guard case .pluginName(let kind) = option.shape else { continue }
      usesPlugin = true
      let use = node["use"] ?? node.entries?.first { !nearestNames(to: $0.key, among: ["use"]).isEmpty }?.value
      let plugin = use?.scalar.flatMap { registry.plugin(meantBy: $0.text, ofKind: kind) }
      plugin?.optionDescriptions(registry: registry).forEach { add($0) }
      isComplete = plugin != nil
    }
  }

  private mutating func add(_ option: OptionDescription) {
    names.append(option.key)
    guard option.shape != .sections else { return }
    for nested in option.nested where sections[nested.key] == nil { sections[nested.key] = option.key }
  }
}
