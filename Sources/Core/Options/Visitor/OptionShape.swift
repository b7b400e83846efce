/// The form of an option's value in YAML.
///
/// Messages describe it in words, such as `a whole number`, and it becomes a type in a schema.
public indirect enum OptionShape: Sendable, Hashable, CustomStringConvertible {
  case boolean, integer, number, text, path
  case choice([String])
  case list(OptionShape)
  case either([OptionShape])
  case optional(OptionShape)
  /// A mapping of names to numbers.
  case numbers
  case section, sections
  /// A mapping whose `use` names a plugin of this kind.
  case plugin(kind: String)
  /// The name of a plugin of this kind, which is the value of `use` in the mapping around it.
  case pluginName(kind: String)

  public var description: String {
    switch self {
    case .boolean: "`true` or `false`"
    case .integer: "a whole number"
    case .number: "a number"
    case .text: "a text"
    case .path: "a path"
    case .choice(let names): alternatives(names)
    case .list(let element): "a list of \(element.plural)"
    case .either(let shapes): shapes.map(\.description).joined(separator: " or ")
    case .optional(let shape): shape.description
    case .numbers: "a mapping of names to numbers"
    case .section: "a mapping"
    case .sections: "a list of mappings"
    case .plugin(let kind): "a mapping whose `use` names a plugin of kind \(kind)"
    case .pluginName(let kind): "the name of a plugin of kind \(kind)"
    }
  }

  private var plural: String {
    switch self {
    case .boolean: "booleans"
    case .integer: "whole numbers"
    case .number: "numbers"
    case .text: "texts"
    case .path: "paths"
    case .list(let element): "lists of \(element.plural)"
    case .optional(let shape): shape.plural
    default: "(\(description))"
    }
  }
}
