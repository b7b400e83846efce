/// What the generated reference says about a plugin in addition to its summary and options.
public struct PluginReference: Sendable, Hashable {
  /// The formula, on one line.
  package let formula: String?
  /// The paper that it comes from, and which details of it are interpretations or choices of this implementation.
  package let source: String?
  /// The plugin in YAML, `{use: NAME, ...}`. It is needed if required options and defaults alone are not valid.
  package let example: String?

  public init(formula: String? = nil, source: String? = nil, example: String? = nil) {
    (self.formula, self.source, self.example) = (formula, source, example)
  }
}
