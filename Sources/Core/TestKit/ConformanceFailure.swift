/// The error that a component does not do what its protocol promises.
public struct ConformanceFailure: Error, CustomStringConvertible, Sendable {
  /// What the component did.
  public let description: String
}

func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw ConformanceFailure(description: message()) }
}

/// Returns whether `body` finishes, or `false` if it throws a `Refusal`.
///
/// - Throws: ``ConformanceFailure`` if `body` throws any other error.
func accepts<Refusal: Error>(_ what: String, orThrows: Refusal.Type, _ body: () throws -> Void) throws -> Bool {
  do { try body() } catch is Refusal { return false } catch {
    throw ConformanceFailure(description: "\(what) is refused with \(type(of: error)), not \(Refusal.self): \(error)")
  }
  return true
}
