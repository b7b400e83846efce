/// A kind of plugin: its name for people, and the protocol that its plugins conform to.
public struct PluginKind: Sendable {
  /// The name, such as `loss`.
  package let name: String
  let identity: ObjectIdentifier
  let admits: @Sendable (any Plugin) -> Bool

  /// Creates a kind.
  ///
  /// - `type`: The existential type of the protocol, such as `(any LossTerm).self`.
  public init<P>(_ name: String, _ type: P.Type) {
    self.name = name
    identity = ObjectIdentifier(type)
    admits = { $0 is P }
  }
}
