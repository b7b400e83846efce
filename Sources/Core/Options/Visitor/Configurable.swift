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
    let writing = WritingVisit { place, yaml, value in
      source.root.value(at: place).flatMap { $0.reference(to: value) }.map { .text($0) } ?? yaml.escapingReferences
    }
    return writing.mapping(self).document
  }

  /// The options in the order of the visit.
  package static func optionDescriptions(registry: PluginRegistry = PluginRegistry()) -> [OptionDescription] {
    let describing = DescribingVisit(registry: registry)
    return describing.describe(Self())
  }
}

extension Node {
  /// A text or a path as it was written, where environment variables stand in it and it is still what they stood for.
  fileprivate func reference(to value: Any?) -> String? {
    guard let scalar, let written = scalar.written else { return nil }
    if let text = value as? String { return text == scalar.text ? written : nil }
    let folder = range.source.folder
    guard let path = value as? OptionPath, path == OptionPath(scalar.text, relativeTo: folder) else { return nil }
    let isAbsolute = scalar.text.hasPrefix("/")
    return isAbsolute ? written : folder.path.escapingReferences + "/" + written
  }
}
