/// Several of them, to be told together.
public struct WiringErrors: Error, CustomStringConvertible, Sendable {
  package let list: [WiringError]

  /// - Throws: the errors, where there are any.
  public static func check(_ list: [WiringError]) throws {
    if !list.isEmpty { throw WiringErrors(list: list) }
  }

  /// The result of `body`; whatever it throws is blamed on `option`, or on the option within it that the error names.
  ///
  /// A component that wraps another, or reads files that an option names, passes errors on by it.
  public static func blaming<T>(_ option: String, _ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as Unknown {
      throw error
    } catch {
      throw WiringErrors(list: WiringErrors(error).list.map { $0.within(option) })
    }
  }

  /// Any error as what is wrong with a component.
  package init(_ error: any Error) {
    switch error {
    case let errors as WiringErrors: self = errors
    case let error as WiringError: list = [error]
    default: list = [WiringError("\(error)")]
    }
  }

  private init(list: [WiringError]) { self.list = list }

  public var description: String { list.map(\.description).joined(separator: "; ") }
}
