/// The visitor that `options(_:)` receives. Each call on it lists one option.
///
/// The same calls decode a file into the properties, describe the options, or write the properties. An option whose key is
/// missing in the file keeps its value.
public struct OptionVisitor {
  let visit: any OptionVisit

  init(_ visit: any OptionVisit) { self.visit = visit }

  /// Lists a value: a number, a text, a path, a choice, a list of one of these, or an optional one.
  ///
  /// - `range`: The range in which a number, or each number of a list, must lie.
  /// - `required`: Whether it is an error to leave the key out.
  /// - `summary`: One line of documentation.
  public func callAsFunction<V: OptionValue>(
    _ key: String, _ value: inout V, in range: OptionRange = .any, required: Bool = false, _ summary: String
  ) {
    visit.value(OptionKey(key, required, summary), &value, in: range)
  }

  /// Lists a mapping with options of its own.
  ///
  /// It is visited even if the file does not contain it, so that missing required options in it are reported.
  public func section<T: Configurable>(_ key: String, _ value: inout T, _ summary: String) {
    visit.section(OptionKey(key, false, summary), &value)
  }

  /// Lists a mapping that may be left out. If it is missing, the value stays the same, and `null` sets the value to `nil`.
  public func section<T: Configurable>(
    _ key: String, _ value: inout T?, required: Bool = false, _ summary: String
  ) {
    visit.optionalSection(OptionKey(key, required, summary), &value)
  }

  /// Lists a list of mappings.
  public func sections<T: Configurable>(
    _ key: String, _ value: inout [T], required: Bool = false, _ summary: String
  ) {
    visit.sections(OptionKey(key, required, summary), &value)
  }

  /// Lists a mapping in which `use: NAME` chooses a plugin and the other keys are the options of that plugin.
  ///
  /// - `value`: A property of an existential type such as `(any Retriever)?`, which determines the kind of plugin.
  public func plugin<P>(_ key: String, _ value: inout P?, required: Bool = false, _ summary: String) {
    visit.plugin(OptionKey(key, required, summary), &value)
  }

  /// Lists a plugin whose `use: NAME` and options are in the mapping that is being visited, together with other options.
  public func use<P>(_ value: inout P?, _ summary: String) {
    visit.use(&value, summary)
  }

  /// Reports that the value of `key` is wrong although it is well-formed.
  ///
  /// The report only has an effect while a file is decoded, and only if the value and the options in `given` have no other
  /// mistake.
  ///
  /// - `key`: An option of this mapping, or an item of it such as `layers[1]`.
  /// - `given`: The other options on which the judgement depends.
  public func reject(_ key: String, _ message: String, hint: String? = nil, given: [String] = []) {
    visit.reject(key, message, hint, given: given)
  }
}

/// The key of an option, and what is said about it.
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

/// One kind of visit of the options: decoding, describing or writing.
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
  // Only decoding has a file to report mistakes in.
  func reject(_ key: String, _ message: String, _ hint: String?, given: [String]) {}

  func visitOptions<T: Configurable>(of value: inout T) {
    var visitor = OptionVisitor(self)
    value.options(&visitor)
  }
}
