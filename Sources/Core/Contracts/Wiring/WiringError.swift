/// The error that a component cannot work with the other components of a pipeline.
///
/// Components throw it while a pipeline is validated, before any weight is read. It is reported at the place in the pipeline
/// file where the component or ``option`` is written.
public struct WiringError: Error, Equatable, CustomStringConvertible, Sendable {
  /// What is wrong.
  public let description: String
  /// The option at fault, as a path that starts at the component, such as `base.checkpoint` or `layers[1]`. `nil` if the
  /// component as a whole does not fit.
  public let option: String?
  /// How the user can mend it.
  public let hint: String?

  /// Creates an error.
  ///
  /// - Parameters:
  ///   - description: What is wrong, with the figures that do not fit.
  ///   - option: The option at fault, as a path that starts at the component.
  ///   - hint: How the user can mend it.
  public init(_ description: String, option: String? = nil, hint: String? = nil) {
    (self.description, self.option, self.hint) = (description, option, hint)
  }

  /// Returns the error that a component needs a teacher and the pipeline has none.
  ///
  /// - Parameters:
  ///   - option: The option that needs the teacher.
  ///   - hint: How the user can mend it.
  public static func noTeacher(option: String, hint: String) -> WiringError {
    WiringError("needs a teacher, and this pipeline has none", option: option, hint: hint)
  }

  /// Returns the same error, attributed to an option inside `outer`, the option that holds the component.
  package func within(_ outer: String) -> WiringError {
    let place = option.map { $0.hasPrefix("[") ? outer + $0 : "\(outer).\($0)" }
    return WiringError(description, option: place ?? outer, hint: hint)
  }
}
