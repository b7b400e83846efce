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
