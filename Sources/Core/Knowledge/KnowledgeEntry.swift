/// Something that is known: a text with its label, which a key in the knowledge base stands for.
public struct KnowledgeEntry: Sendable, Equatable, Codable {
  /// The number of the entry, which no other entry ever has, even after this one is removed.
  public internal(set) var id: Int
  /// The text, or `nil` if the knowledge base does not keep texts.
  public let text: String?
  /// The second text of a pair.
  public let pair: String?
  /// The true label, or `nil` if nobody has told it, and for regression.
  public internal(set) var label: String?
  /// The true score of a regression.
  public let score: Float?
  /// Where the text comes from, such as `train.tsv:12`.
  public let source: String?

  /// Creates an entry. Its number is given by the log that it is added to.
  public init(
    text: String? = nil, pair: String? = nil, label: String? = nil, score: Float? = nil, source: String? = nil
  ) {
    id = -1
    (self.text, self.pair, self.label, self.score, self.source) = (text, pair, label, score, source)
  }
}
