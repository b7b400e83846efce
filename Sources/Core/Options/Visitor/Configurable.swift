/// A type with options.
///
/// It lists its options once. The same list decodes, describes, validates and writes them.
///
/// ```swift
/// public mutating func options(_ visit: inout OptionVisitor) {
///   visit("temperature", &temperature, in: .positive, "Softmax temperature over cosine similarities.")
/// }
/// ```
///
/// The value that a property has after `init()` is the default of its option.
public protocol Configurable {
  init()
  /// Calls `visit` once for each option, with the property that holds its value.
  mutating func options(_ visit: inout OptionVisitor)
}

extension Configurable {
  /// Returns the YAML text that decodes to this value, with all defaults, in the order of the visit.
  ///
  /// Every `${` in a text is escaped, so the text must be read with the substitution of references.
  public func resolvedYAML() -> String {
    WritingVisit().mapping(self).document
  }

  /// Returns the same YAML text, but keeps the references to environment variables with which texts and paths were written.
  ///
  /// Not everybody who reads the file may know what a variable contains. Numbers, choices, booleans and lists are written with
  /// their values.
  package func resolvedYAML(writtenAs source: SourceMap) -> String { yaml(writtenAs: source).document }

  /// Returns the YAML text of some keys at the top, without the defaults that are not written.
  package func writtenYAML(of keys: Set<String>, in source: SourceMap) -> String {
    guard case .mapping(let entries) = yaml(writtenAs: source) else { return "" }
    return YAMLValue.mapping(entries.filter { keys.contains($0.key) }).written(in: source.root).document
  }

  private func yaml(writtenAs source: SourceMap) -> YAMLValue {
    WritingVisit { place, yaml, value in
      source.root.value(at: place).flatMap { $0.reference(to: value) }.map { .text($0) } ?? yaml.escapingReferences
    }.mapping(self)
  }

  /// Returns the descriptions of the options in the order of the visit.
  package static func optionDescriptions(registry: PluginRegistry = PluginRegistry()) -> [OptionDescription] {
    let describing = DescribingVisit(registry: registry)
    return describing.describe(Self())
  }
}

extension YAMLValue {
  /// Returns the value without the entries of mappings that a tree does not have.
  fileprivate func written(in node: Node) -> YAMLValue {
    switch (self, node.content) {
    case (.mapping(let entries), .mapping):
      .mapping(entries.compactMap { entry in node[entry.key].map { Entry(entry.key, entry.value.written(in: $0)) } })
    case (.list(let values), .sequence(let items)) where values.count == items.count:
      .list(zip(values, items).map { $0.written(in: $1) })
    default: self
    }
  }
}

extension Node {
  /// Returns a text or a path as it was written, if it contains environment variables and still has the value that they gave it.
  fileprivate func reference(to value: Any?) -> String? {
    guard let scalar, let written = scalar.written else { return nil }
    if let text = value as? String { return text == scalar.text ? written : nil }
    let folder = range.source.folder
    guard let path = value as? OptionPath ?? (value as? OptionPaths)?.list.first,
      path == OptionPath(scalar.text, relativeTo: folder)
    else { return nil }
    let isAbsolute = scalar.text.hasPrefix("/")
    return isAbsolute ? written : folder.path.escapingReferences + "/" + written
  }
}
