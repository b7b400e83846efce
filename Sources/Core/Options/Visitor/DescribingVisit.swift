/// The description of an option for documentation and schemas.
package struct OptionDescription: Sendable, Hashable {
  package let key: String
  package let shape: OptionShape
  package let range: OptionRange
  package let isRequired: Bool
  /// The default. It is `nil` for required options, and for sections, whose own options have defaults.
  package let defaultValue: YAMLValue?
  package let summary: String
  /// The options of a section, or of each item of a list of sections.
  package let nested: [OptionDescription]

  /// The shape and the range in words, such as `a number, greater than 0`.
  package var type: String { range == .any ? "\(shape)" : "\(shape), \(range)" }
}

/// Lists the options and their defaults.
final class DescribingVisit: OptionVisit {
  private let registry: PluginRegistry
  private var options: [OptionDescription] = []

  init(registry: PluginRegistry) { self.registry = registry }

  func describe<T: Configurable>(_ value: T) -> [OptionDescription] {
    var value = value
    return describe { $0.visitOptions(of: &value) }
  }

  func describe(_ visit: (any OptionVisit) -> Void) -> [OptionDescription] {
    let outer = options
    options = []
    defer { options = outer }
    visit(self)
    return options
  }

  func value<V: OptionValue>(_ key: OptionKey, _ value: inout V, in range: OptionRange) {
    add(key, V.shape, range: range, default: value.yaml)
  }

  func section<T: Configurable>(_ key: OptionKey, _ value: inout T) {
    add(key, .section, nested: describe(value))
  }

  func optionalSection<T: Configurable>(_ key: OptionKey, _ value: inout T?) {
    add(key, .optional(.section), default: value == nil ? .null : nil, nested: describe(value ?? T()))
  }

  func sections<T: Configurable>(_ key: OptionKey, _ value: inout [T]) {
    add(key, .sections, default: .list(value.map { WritingVisit().mapping($0) }), nested: describe(T()))
  }

  func plugin<P>(_ key: OptionKey, _ value: inout P?) {
    add(key, .plugin(kind: registry.kindName(of: P.self)), default: name(of: value))
  }

  func use<P>(_ value: inout P?, _ summary: String) {
    add(OptionKey("use", true, summary), .pluginName(kind: registry.kindName(of: P.self)))
  }

  private func name<P>(of value: P?) -> YAMLValue {
    (value as? any Plugin).map { .text(type(of: $0).name) } ?? .null
  }

  private func add(
    _ key: OptionKey, _ shape: OptionShape, range: OptionRange = .any, default value: YAMLValue? = nil,
    nested: [OptionDescription] = []
  ) {
    options.append(
      OptionDescription(
        key: key.name, shape: shape, range: range, isRequired: key.isRequired,
        defaultValue: key.isRequired ? nil : value, summary: key.summary, nested: nested))
  }
}
