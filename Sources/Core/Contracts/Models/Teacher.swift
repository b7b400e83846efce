/// A prepared encoder that a student learns from. A teacher can wrap another one, for example to add a projection head.
public protocol Teacher: TextEncoder {
  /// The encoder inside all wrappers, whose layers a student can copy. The default implementation returns `self`.
  var innermost: any TextEncoder { get }
}

extension Teacher {
  public var innermost: any TextEncoder { self }
}
