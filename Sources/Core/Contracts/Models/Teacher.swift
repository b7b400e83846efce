/// The encoder that is learnt from, prepared. A teacher may wrap another one.
public protocol Teacher: TextEncoder {
  /// The encoder under all decorators. Default: itself.
  var innermost: any TextEncoder { get }
}

extension Teacher {
  public var innermost: any TextEncoder { self }
}
