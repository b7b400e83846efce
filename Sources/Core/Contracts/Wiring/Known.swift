/// A value that a check depends on, or `unknown` if a mistake in the pipeline prevents the check from knowing it.
///
/// The mistake itself has already been reported. Checks that depend on an unknown value are skipped, so that the user sees no
/// errors that only follow from others. An optional could not express this: `.known(nil)` can mean, for example, that the
/// pipeline certainly has no teacher.
package enum Known<Value> {
  case known(Value)
  case unknown

  package init(_ value: Value?) { self = value.map { .known($0) } ?? .unknown }

  /// Returns what `body` computes from other values, or `unknown` if it asks for one that is unknown.
  package init(_ body: () throws(Unknown) -> Value) {
    do { self = .known(try body()) } catch { self = .unknown }
  }

  package var value: Value? { if case .known(let value) = self { value } else { nil } }

  package func get() throws(Unknown) -> Value {
    guard case .known(let value) = self else { throw Unknown() }
    return value
  }

  package func map<T>(_ transform: (Value) -> T) -> Known<T> { Known<T>(value.map(transform)) }
}

extension Known: Sendable where Value: Sendable {}

/// The error that a value is unknown. It is never shown, because the mistake behind it has already been reported.
package struct Unknown: Error {
  package init() {}
}
