/// A component cannot work with the others of this pipeline. `option` names the option to blame, where it is one.
public struct WiringError: Error, Equatable, CustomStringConvertible, Sendable {
  public let description: String
  /// A path from the component on, such as `base.checkpoint` or `layers[1]`.
  public let option: String?
  public let hint: String?

  public init(_ description: String, option: String? = nil, hint: String? = nil) {
    (self.description, self.option, self.hint) = (description, option, hint)
  }

  public static func noTeacher(option: String, hint: String) -> WiringError {
    WiringError("needs a teacher, and this pipeline has none", option: option, hint: hint)
  }

  /// The same, blamed on an option that holds the component: `base`.
  package func within(_ outer: String) -> WiringError {
    let place = option.map { $0.hasPrefix("[") ? outer + $0 : "\(outer).\($0)" }
    return WiringError(description, option: place ?? outer, hint: hint)
  }
}
