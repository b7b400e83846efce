/// Turns the properties into the YAML that decodes to them.
final class WritingVisit: OptionVisit {
  private var entries: [YAMLValue.Entry] = []
  private let paths: Bool

  /// - Parameter paths: whether to write where files lie.
  init(paths: Bool = true) { self.paths = paths }

  func mapping<T: Configurable>(_ value: T) -> YAMLValue {
    var value = value
    return collect { visitOptions(of: &value) }
  }

  func value<V: OptionValue>(_ key: OptionKey, _ value: inout V, in range: OptionRange) {
    write(key, paths || value as? OptionPath == nil ? value.yaml : .text(""))
  }

  func section<T: Configurable>(_ key: OptionKey, _ value: inout T) {
    write(key, mapping(value))
  }

  func optionalSection<T: Configurable>(_ key: OptionKey, _ value: inout T?) {
    write(key, value.map(mapping) ?? .null)
  }

  func sections<T: Configurable>(_ key: OptionKey, _ value: inout [T]) {
    write(key, .list(value.map(mapping)))
  }

  func plugin<P>(_ key: OptionKey, _ value: inout P?) {
    write(key, value == nil ? .null : collect { use(&value, key.summary) })
  }

  func use<P>(_ value: inout P?, _ summary: String) {
    guard let plugin = value as? any Plugin else { return }
    entries.append(YAMLValue.Entry("use", .text(type(of: plugin).name)))
    visitCopy(of: plugin)
  }

  private func visitCopy<T: Plugin>(of plugin: T) {
    var copy = plugin
    visitOptions(of: &copy)
  }

  private func write(_ key: OptionKey, _ value: YAMLValue) {
    entries.append(YAMLValue.Entry(key.name, value))
  }

  private func collect(_ body: () -> Void) -> YAMLValue {
    let outer = entries
    entries = []
    body()
    defer { entries = outer }
    return .mapping(entries)
  }
}
