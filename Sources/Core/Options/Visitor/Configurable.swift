/// Something with options: it lists them once, and that list decodes, describes, validates and writes them.
///
/// ```swift
/// public mutating func options(_ visit: inout OptionVisitor) {
///   visit("temperature", &temperature, in: .positive, "Softmax temperature over cosine similarities.")
/// }
/// ```
///
/// A property's value after `init()` is the option's default.
public protocol Configurable {
  init()
  mutating func options(_ visit: inout OptionVisitor)
}

extension Configurable {
  /// The YAML text that decodes to this value, every default spelt out, in the order of the visit. A `${` in a text is
  /// escaped: it is to be read with `substitute`.
  public func resolvedYAML() -> String {
    WritingVisit().mapping(self).document
  }

  /// The same, but with the references to environment variables that texts and paths were written with: what a variable
  /// holds may not be for everybody who reads the file. Numbers, choices, booleans and lists are spelt out.
  package func resolvedYAML(writtenAs source: SourceMap) -> String {
    WritingVisit(written: source.root).mapping(self).document
  }

  /// The options in the order of the visit.
  public static func optionDescriptions(registry: PluginRegistry = PluginRegistry()) -> [OptionDescription] {
    let describing = DescribingVisit(registry: registry)
    return describing.describe(Self())
  }
}

/// A part of the pipeline that YAML chooses by name.
///
/// What kind of part it is (a loss, a teacher) is said by a protocol that inherits from this one.
public protocol Plugin: Configurable, SendableMetatype {
  /// What `use:` calls it: lower case, words joined by `-`.
  static var name: String { get }
  /// One line for the list of plugins.
  static var summary: String { get }
  /// Formula, source, example: whatever there is to say. Default: nothing.
  static var reference: PluginReference { get }
}

extension Plugin {
  public static var reference: PluginReference { PluginReference() }
}
