/// Turns the properties into the YAML that decodes to them.
final class WritingVisit: OptionVisit {
  private var entries: [YAMLValue.Entry] = []
  /// Where the options at hand are written, if that is known.
  private var node: Node?

  /// - Parameter written: what the values were read from.
  init(written: Node? = nil) { node = written }

  func mapping<T: Configurable>(_ value: T) -> YAMLValue {
    var value = value
    return collect { visitOptions(of: &value) }
  }

  func value<V: OptionValue>(_ key: OptionKey, _ value: inout V, in range: OptionRange) {
    let reference = node?[key.name].flatMap { Self.reference(to: value, writtenAs: $0) }
    write(key, reference.map { .text($0) } ?? value.yaml.escapingReferences)
  }

  func section<T: Configurable>(_ key: OptionKey, _ value: inout T) {
    within(node?[key.name]) { write(key, mapping(value)) }
  }

  func optionalSection<T: Configurable>(_ key: OptionKey, _ value: inout T?) {
    within(node?[key.name]) { write(key, value.map(mapping) ?? .null) }
  }

  func sections<T: Configurable>(_ key: OptionKey, _ value: inout [T]) {
    let items = node?[key.name]?.items
    write(key, .list(value.enumerated().map { index, value in within(items?[index]) { mapping(value) } }))
  }

  func plugin<P>(_ key: OptionKey, _ value: inout P?) {
    within(node?[key.name]) { write(key, value == nil ? .null : collect { use(&value, key.summary) }) }
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

  /// A text or a path as it was written, where environment variables stand in it and it is still what they stood for.
  private static func reference(to value: some OptionValue, writtenAs node: Node) -> String? {
    guard let scalar = node.scalar, let written = scalar.written else { return nil }
    if let text = value as? String { return text == scalar.text ? written : nil }
    let folder = node.range.source.folder
    guard let path = value as? OptionPath, path == OptionPath(scalar.text, relativeTo: folder) else { return nil }
    let isAbsolute = scalar.text.hasPrefix("/")
    return isAbsolute ? written : folder.path.escapingReferences + "/" + written
  }

  private func within<T>(_ place: Node?, _ body: () -> T) -> T {
    let outer = node
    node = place
    defer { node = outer }
    return body()
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
