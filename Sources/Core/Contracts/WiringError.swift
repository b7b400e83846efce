/// A component cannot work with the others of this pipeline. `option` names the option to blame, where it is one.
public struct WiringError: Error, CustomStringConvertible, Sendable {
  public let description: String
  /// A path from the component on, such as `base.checkpoint` or `layers[1]`.
  public let option: String?
  public let hint: String?
  /// Whether it is that the pipeline has no teacher. There may be one of which only the card is not known.
  public let isMissingTeacher: Bool

  public init(_ description: String, option: String? = nil, hint: String? = nil) {
    self.init(description, option: option, hint: hint, isMissingTeacher: false)
  }

  private init(_ description: String, option: String?, hint: String?, isMissingTeacher: Bool) {
    (self.description, self.option, self.hint) = (description, option, hint)
    self.isMissingTeacher = isMissingTeacher
  }

  public static func noTeacher(option: String, hint: String) -> WiringError {
    WiringError("needs a teacher, and this pipeline has none", option: option, hint: hint, isMissingTeacher: true)
  }

  /// The same, blamed on an option that holds the component: `base`.
  package func within(_ outer: String) -> WiringError {
    let place = option.map { $0.hasPrefix("[") ? outer + $0 : "\(outer).\($0)" }
    return WiringError(description, option: place ?? outer, hint: hint, isMissingTeacher: isMissingTeacher)
  }
}

/// Several of them, to be told together.
public struct WiringErrors: Error, CustomStringConvertible, Sendable {
  public let list: [WiringError]

  /// - Throws: the errors, where there are any.
  public static func check(_ list: [WiringError]) throws {
    if !list.isEmpty { throw WiringErrors(list: list) }
  }

  /// The result of `body`; whatever it throws is blamed on `option`, or on the option within it that the error names.
  ///
  /// A component that wraps another, or reads files that an option names, passes errors on by it.
  public static func blaming<T>(_ option: String, _ body: () throws -> T) throws -> T {
    do { return try body() } catch {
      throw WiringErrors(list: WiringErrors(error).list.map { $0.within(option) })
    }
  }

  /// Any error as what is wrong with a component.
  public init(_ error: any Error) {
    switch error {
    case let errors as WiringErrors: self = errors
    case let error as WiringError: list = [error]
    default: list = [WiringError("\(error)")]
    }
  }

  private init(list: [WiringError]) { self.list = list }

  public var description: String { list.map(\.description).joined(separator: "; ") }
}
