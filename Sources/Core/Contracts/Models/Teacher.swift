/// The encoder that is learnt from; frozen while a student learns. A teacher may wrap another one.
public protocol Teacher: Encoder {
  /// The encoder under all decorators.
  var innermost: any Encoder { get }
  /// Fine-tunes, fits a head, or does nothing. Called once, before any student sees the teacher.
  func prepare(_ preparation: Preparation) throws
}

extension Teacher {
  public var innermost: any Encoder { self }
  public func prepare(_ preparation: Preparation) throws {}
}
