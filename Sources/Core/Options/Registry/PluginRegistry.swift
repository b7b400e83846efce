/// The plugins that YAML can name.
///
/// A registry is a plain value that is passed to the decoder, so one process can use several.
public struct PluginRegistry: Sendable {
  /// The plugins in the order of `plugins.yaml`.
  package let plugins: [CompiledPlugin]
  package let kinds: [PluginKind]

  /// Creates a registry without plugins, in which every `use:` is an error.
  public init() { (plugins, kinds) = ([], []) }

  /// Creates a registry of plugins, each of one of the kinds.
  ///
  /// - Throws: `PluginRegistryError` if a plugin's kind is unknown, a name occurs twice within a kind, or a type does not conform
  ///   to its kind's protocol or has another name than the list says.
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

  /// Returns the plugins of a kind in the order of `plugins.yaml`.
  package func plugins(ofKind kind: String) -> [CompiledPlugin] { plugins.filter { $0.kind == kind } }

  /// Returns the plugins of the kind whose existential type is `P`, such as `(any LossTerm).self`.
  package func plugins<P>(of type: P.Type) -> [CompiledPlugin] {
    if let kind = kind(of: type) { return plugins(ofKind: kind.name) }
    return plugins.filter { $0.type.init() is P }
  }

  /// Creates a plugin with its default options, or returns `nil` if there is none of this name.
  package func make<P>(_ name: String, as type: P.Type = P.self) -> P? {
    plugins(of: type).first { $0.name == name }?.type.init() as? P
  }

  /// Returns the plugin of this name, or else the plugin with a similar name if there is exactly one.
  func plugin(meantBy name: String, ofKind kind: String) -> (any Plugin.Type)? {
    let plugins = plugins(ofKind: kind)
    let near = nearestNames(to: name, among: plugins.map(\.name))
    let meant = plugins.contains { $0.name == name } ? name : near.count == 1 ? near[0] : nil
    return plugins.first { $0.name == meant }?.type
  }

  func kindName<P>(of type: P.Type) -> String { kind(of: type)?.name ?? "plugin" }

  private func kind<P>(of type: P.Type) -> PluginKind? { kinds.first { $0.identity == ObjectIdentifier(type) } }
}
