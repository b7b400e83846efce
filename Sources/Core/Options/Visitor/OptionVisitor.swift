/// What `options(_:)` is handed: each call lists one option.
///
/// The same calls decode a file into the properties, describe the options, or write the properties out. An option whose key
/// is absent keeps the value that it has.
public struct OptionVisitor {
  let visit: any OptionVisit

  init(_ visit: any OptionVisit) { self.visit = visit }

  /// A value: a number, a text, a path, a choice, a list of them, or an optional one.
  ///
  /// - `range`: where numbers must lie; for lists, each of them.
  /// - `required`: whether leaving the key out is an error.
  /// - `summary`: one line for people.
  public func callAsFunction<V: OptionValue>(
    _ key: String, _ value: inout V, in range: OptionRange = .any, required: Bool = false, _ summary: String
  ) {
    visit.value(OptionKey(key, required, summary), &value, in: range)
  }

  /// A mapping with options of its own. Absent, it is visited all the same, so that what it requires is missed.
  public func section<T: Configurable>(_ key: String, _ value: inout T, _ summary: String) {
    visit.section(OptionKey(key, false, summary), &value)
  }

  /// A mapping that may be left out: absent, the value stays as it is; `null` makes it nil.
  public func section<T: Configurable>(
    _ key: String, _ value: inout T?, required: Bool = false, _ summary: String
  ) {
    visit.optionalSection(OptionKey(key, required, summary), &value)
  }

  /// A list of mappings.
  public func sections<T: Configurable>(
    _ key: String, _ value: inout [T], required: Bool = false, _ summary: String
  ) {
    visit.sections(OptionKey(key, required, summary), &value)
  }

  /// A mapping whose `use: NAME` chooses a plugin, and whose other keys are that plugin's options.
  ///
  /// - `value`: of an existential type such as `(any Retriever)?`; that type is the kind that is looked up.
  public func plugin<P>(_ key: String, _ value: inout P?, required: Bool = false, _ summary: String) {
    visit.plugin(OptionKey(key, required, summary), &value)
  }

  /// A plugin whose `use: NAME` and options stand in the mapping that is being visited, beside other options of it.
  public func use<P>(_ value: inout P?, _ summary: String) {
    visit.use(&value, summary)
  }

  /// Says that the value of `key`, though well-formed, cannot be right. Heeded only while decoding, and only when nothing
  /// else is wrong with that value.
  ///
  /// - `key`: an option of this mapping, or an item of it such as `layers[1]`.
  /// - `given`: other options that the judgement rests on; it is not heeded either where something is wrong with one of them.
  public func reject(_ key: String, _ message: String, hint: String? = nil, given: [String] = []) {
    visit.reject(key, message, hint, given: given)
  }
}

struct OptionKey {
  let name: String
  let isRequired: Bool
  let summary: String

  init(_ name: String, _ isRequired: Bool, _ summary: String) {
    self.name = name
    self.isRequired = isRequired
    self.summary = summary
  }
}

/// One reading of the options: decoding, describing or writing.
protocol OptionVisit: AnyObject {
  func value<V: OptionValue>(_ key: OptionKey, _ value: inout V, in range: OptionRange)
  func section<T: Configurable>(_ key: OptionKey, _ value: inout T)
  func optionalSection<T: Configurable>(_ key: OptionKey, _ value: inout T?)
  func sections<T: Configurable>(_ key: OptionKey, _ value: inout [T])
  func plugin<P>(_ key: OptionKey, _ value: inout P?)
  func use<P>(_ value: inout P?, _ summary: String)
  func reject(_ key: String, _ message: String, _ hint: String?, given: [String])
}

extension OptionVisit {
  func reject(_ key: String, _ message: String, _ hint: String?, given: [String]) {}

  func visitOptions<T: Configurable>(of value: inout T) {
    var visitor = OptionVisitor(self)
    value.options(&visitor)
  }
}
