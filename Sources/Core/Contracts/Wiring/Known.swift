/// A value, or the fact that it is not known because of a mistake that has been told.
///
/// Whoever checks a pipeline computes with it as with an optional, and stays silent about what follows from an unknown one.
/// Nil is another thing: that there is no teacher, for instance, can be known.
package enum Known<Value> {
  case known(Value)
  case unknown

  package init(_ value: Value?) { self = value.map { .known($0) } ?? .unknown }

  /// What `body` makes of other values; unknown where it asks for one that is.
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

/// Something unknown was asked for. Nothing more is to be said of it.
package struct Unknown: Error {
  package init() {}
}
