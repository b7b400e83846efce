/// Writes the properties as the YAML that decodes to them.
final class WritingVisit: OptionVisit {
  private var entries: [YAMLValue.Entry] = []
  /// The path of the current option, such as `losses[1].weight`.
  private var place = ""
  private let write: (_ place: String, _ yaml: YAMLValue, _ value: Any?) -> YAMLValue

  /// Creates a visit.
  ///
  /// - Parameter write: Returns the YAML to write for an option. Its last argument is the option's value, the plugin that a `use`
  ///   names, or `nil` if there is no value.
  init(
    _ write: @escaping (_ place: String, _ yaml: YAMLValue, _ value: Any?) -> YAMLValue = { _, yaml, _ in
      yaml.escapingReferences
    }
  ) { self.write = write }

  func mapping<T: Configurable>(_ value: T) -> YAMLValue {
    var value = value
    return collect { visitOptions(of: &value) }
  }

  func value<V: OptionValue>(_ key: OptionKey, _ value: inout V, in range: OptionRange) {
    add(key) { write(place, value.yaml, value) }
  }

  func section<T: Configurable>(_ key: OptionKey, _ value: inout T) { add(key) { mapping(value) } }

  func optionalSection<T: Configurable>(_ key: OptionKey, _ value: inout T?) {
    add(key) { value.map(mapping) ?? write(place, .null, nil) }
  }

  func sections<T: Configurable>(_ key: OptionKey, _ value: inout [T]) {
    add(key) { .list(value.enumerated().map { index, item in within("[\(index)]") { mapping(item) } }) }
  }

  func plugin<P>(_ key: OptionKey, _ value: inout P?) {
    add(key) { value == nil ? write(place, .null, nil) : collect { use(&value, key.summary) } }
  }

  func use<P>(_ value: inout P?, _ summary: String) {
    guard let plugin = value as? any Plugin else { return }
    add(OptionKey("use", true, summary)) { write(place, .text(type(of: plugin).name), plugin) }
    visitCopy(of: plugin)
  }

  private func visitCopy<T: Plugin>(of plugin: T) {
    var copy = plugin
    visitOptions(of: &copy)
  }

  private func add(_ key: OptionKey, _ value: () -> YAMLValue) {
    let value = within(place.isEmpty ? key.name : ".\(key.name)", value)
    entries.append(YAMLValue.Entry(key.name, value))
  }

  private func within(_ step: String, _ body: () -> YAMLValue) -> YAMLValue {
    let outer = place
    place += step
    defer { place = outer }
    return body()
  }

  private func collect(_ body: () -> Void) -> YAMLValue {
    let outer = entries
    entries = []
    defer { entries = outer }
    body()
    return .mapping(entries)
  }
}
