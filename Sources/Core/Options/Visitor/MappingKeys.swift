/// The keys that a mapping may have.
///
/// They are determined before the mapping is read, so that a misspelt key can be replaced by the key that was meant.
struct MappingKeys {
  private(set) var names: [String] = []
  /// The section of each option that belongs to a section of this mapping.
  private(set) var sections: [String: String] = [:]
  /// Whether one of the keys is the `use` that names a plugin.
  private(set) var usesPlugin = false
  /// Whether all keys are known. They are not if the plugin is unknown.
  private(set) var isComplete = true

  /// Determines the keys of the mapping `node`, whose options `visit` lists.
  init(of node: Node, _ registry: PluginRegistry, _ visit: (any OptionVisit) -> Void) {
    for option in DescribingVisit(registry: registry).describe(visit) {
      add(option)
      guard case .pluginName(let kind) = option.shape else { continue }
      usesPlugin = true
      // `use` itself may be misspelt.
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
