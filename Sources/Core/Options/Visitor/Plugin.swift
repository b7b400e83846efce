/// A part of the pipeline that YAML chooses by name.
///
/// Each kind of part, such as losses or teachers, has a protocol that inherits from this one.
public protocol Plugin: Configurable, SendableMetatype {
  /// The name in `use:`, in lower case with words joined by `-`.
  static var name: String { get }
  /// One line for the list of plugins.
  static var summary: String { get }
  /// The formula, source and example for the reference. They are empty by default.
  static var reference: PluginReference { get }
}

extension Plugin {
  public static var reference: PluginReference { PluginReference() }
}
