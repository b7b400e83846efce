/// The error that a list of plugins contradicts itself or the types in it.
public struct PluginRegistryError: Error, Sendable, CustomStringConvertible {
  /// All contradictions, one sentence each.
  public let problems: [String]
  public var description: String { "plugins.yaml: " + problems.joined(separator: "\nplugins.yaml: ") }
}
