/// A prepared encoder that a student learns from. A teacher can wrap another one, for example to add a projection head.
///
/// A teacher need not read token ids. If its card says so (``ModelCard/readsTexts``), it reads the texts of a batch instead, its tokenizer is
/// a `NoTokenizer`, and it offers nothing that has a row for each token.
public protocol Teacher: TextEncoder {
  /// The encoder inside all wrappers, whose layers a student can copy. The default implementation returns `self`.
  var innermost: any TextEncoder { get }
  /// Whether the teacher can answer a text. The default implementation returns `true`.
  ///
  /// - Parameter text: The text.
  func canAnswer(_ text: PlainText) -> Bool
  /// What a report should say about this teacher, in words, such as weights that were fitted. Default: `nil`.
  var summary: String? { get }
}

extension Teacher {
  public var innermost: any TextEncoder { self }
  public func canAnswer(_ text: PlainText) -> Bool { true }
  public var summary: String? { nil }
}
