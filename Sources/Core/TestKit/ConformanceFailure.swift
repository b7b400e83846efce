/// What a component did, and should not have done.
public struct ConformanceFailure: Error, CustomStringConvertible, Sendable {
  public let description: String
}

func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw ConformanceFailure(description: message()) }
}

/// Whether `body` went through; false where it refused with a `Refusal`. Any other error is a failure.
func accepts<Refusal: Error>(_ what: String, orThrows: Refusal.Type, _ body: () throws -> Void) throws -> Bool {
  do { try body() } catch is Refusal { return false } catch {
    throw ConformanceFailure(description: "\(what) is refused with \(type(of: error)), not \(Refusal.self): \(error)")
  }
  return true
}
