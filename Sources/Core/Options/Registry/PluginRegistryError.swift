/// A list of plugins that contradicts itself, or the types in it.
public struct PluginRegistryError: Error, Sendable, CustomStringConvertible {
  public let problems: [String]
  public var description: String { "plugins.yaml: " + problems.joined(separator: "\nplugins.yaml: ") }
}
