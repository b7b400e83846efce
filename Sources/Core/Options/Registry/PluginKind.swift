/// A kind of plugin: the word that people use for it, and the protocol that makes it one.
public struct PluginKind: Sendable {
  /// `loss`
  package let name: String
  let identity: ObjectIdentifier
  let admits: @Sendable (any Plugin) -> Bool

  /// - `type`: the existential, `(any LossTerm).self`.
  public init<P>(_ name: String, _ type: P.Type) {
    self.name = name
    identity = ObjectIdentifier(type)
    admits = { $0 is P }
  }
}
