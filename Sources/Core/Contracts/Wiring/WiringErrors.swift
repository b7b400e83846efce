/// Several wiring errors, which are reported together so that the user can mend them in one go.
public struct WiringErrors: Error, CustomStringConvertible, Sendable {
  package let list: [WiringError]

  /// Throws the errors in `list`, or does nothing if it is empty.
  ///
  /// - Throws: ``WiringErrors``
  public static func check(_ list: [WiringError]) throws {
    if !list.isEmpty { throw WiringErrors(list: list) }
  }

  /// Returns the result of `body`, and attributes each error that it throws to `option`.
  ///
  /// A component that wraps another component, or that reads files which an option names, passes on errors with this method. If
  /// an error names an option itself, that option is taken to be inside `option`: `checkpoint` becomes `base.checkpoint`.
  public static func blaming<T>(_ option: String, _ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as Unknown {
      throw error
    } catch {
      throw WiringErrors(list: WiringErrors(error).list.map { $0.within(option) })
    }
  }

  /// Converts any error to wiring errors. The description of an error of another type becomes the message.
  package init(_ error: any Error) {
    switch error {
    case let errors as WiringErrors: self = errors
    case let error as WiringError: list = [error]
    case let error as TextFileError: list = [WiringError(error.firstProblem, hint: error.otherLines)]
    default: list = [WiringError("\(error)")]
    }
  }

  private init(list: [WiringError]) { self.list = list }

  public var description: String { list.map(\.description).joined(separator: "; ") }
}
