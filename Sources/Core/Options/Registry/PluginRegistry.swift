/// The plugins that YAML can name. A plain value: whoever decodes passes the one that should hold.
public struct PluginRegistry: Sendable {
  /// In the order of `plugins.yaml`.
  package let plugins: [CompiledPlugin]
  package let kinds: [PluginKind]

  /// Without plugins: every `use:` is an error.
  public init() { (plugins, kinds) = ([], []) }

  /// - Throws: `PluginRegistryError` when a kind is unknown, a name is given twice within a kind, a type is not of the kind
  ///   it is listed under, or calls itself otherwise.
  public init(_ plugins: [CompiledPlugin], kinds: [PluginKind]) throws(PluginRegistryError) {
    var problems: [String] = []
    var seen: Set<[String]> = []
    for plugin in plugins {
      let label = "\(plugin.kind) `\(plugin.name)`"
      guard let kind = kinds.first(where: { $0.name == plugin.kind }) else {
        problems.append("\(label): there is no such kind; known are \(alternatives(kinds.map(\.name)))")
        continue
      }
      if !seen.insert([plugin.kind, plugin.name]).inserted { problems.append("\(label) is listed twice") }
      if !kind.admits(plugin.type.init()) { problems.append("\(label): the type \(plugin.type) is not a \(kind.name)") }
      if plugin.type.name != plugin.name {
        problems.append("\(label): the type \(plugin.type) calls itself `\(plugin.type.name)`")
      }
    }
    guard problems.isEmpty else { throw PluginRegistryError(problems: problems) }
    (self.plugins, self.kinds) = (plugins, kinds)
  }

  /// The plugins of a kind, in the order of their list.
  package func plugins(ofKind kind: String) -> [CompiledPlugin] { plugins.filter { $0.kind == kind } }

  /// The plugins of the kind that the existential `P` stands for, such as `(any LossTerm).self`.
  package func plugins<P>(of type: P.Type) -> [CompiledPlugin] {
    if let kind = kind(of: type) { return plugins(ofKind: kind.name) }
    return plugins.filter { $0.type.init() is P }
  }

  /// Makes a plugin with its default options; nil when there is none of that name.
  package func make<P>(_ name: String, as type: P.Type = P.self) -> P? {
    plugins(of: type).first { $0.name == name }?.type.init() as? P
  }

  /// The plugin of this name, or the only one whose name is near it.
  func plugin(meantBy name: String, ofKind kind: String) -> (any Plugin.Type)? {
    let plugins = plugins(ofKind: kind)
    let near = nearestNames(to: name, among: plugins.map(\.name))
    let meant = plugins.contains { $0.name == name } ? name : near.count == 1 ? near[0] : nil
    return plugins.first { $0.name == meant }?.type
  }

  func kindName<P>(of type: P.Type) -> String { kind(of: type)?.name ?? "plugin" }

  private func kind<P>(of type: P.Type) -> PluginKind? { kinds.first { $0.identity == ObjectIdentifier(type) } }
}
