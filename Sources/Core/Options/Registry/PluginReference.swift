/// What the reference says of a plugin beyond its summary and its options.
public struct PluginReference: Sendable, Hashable {
  /// The formula, in one line.
  package let formula: String?
  /// Where it comes from, and what in it is a reading or a choice of one's own.
  package let source: String?
  /// The plugin as YAML, `{use: NAME, ...}`, where its required options and defaults alone make no valid one.
  package let example: String?

  public init(formula: String? = nil, source: String? = nil, example: String? = nil) {
    (self.formula, self.source, self.example) = (formula, source, example)
  }
}
