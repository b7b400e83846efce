import Foundation

/// A text, or both texts of a pair, as it stands in the data: what a sequence of token ids was made from.
public struct PlainText: Hashable, Sendable {
  public let text: String
  /// The second text, if the task is about pairs of texts.
  public let pair: String?

  public init(_ text: String, pair: String? = nil) { (self.text, self.pair) = (text, pair) }

  /// The text of an example.
  public init(_ example: Example) { self.init(example.text, pair: example.pair) }
}

/// The tokenizer of a teacher that reads texts and no token ids: its sequences are empty.
public struct NoTokenizer: Tokenizer {
  public let vocabularySize = 0
  /// Empty, as in the card of such a teacher.
  public let fingerprint = ""

  public init() {}
  public func encode(_ text: String, pair: String?, maxLength: Int?) -> TokenSequence {
    TokenSequence(ids: [], typeIDs: [])
  }
  /// Writes nothing.
  public func write(to folder: URL) throws {}
}
