/// Something that is known: a text with its label, which a key in the knowledge base stands for.
public struct KnowledgeEntry: Sendable, Equatable, Codable {
  /// The number of the entry, which no other entry ever has, even after this one is removed.
  public internal(set) var id: Int
  /// The text, or `nil` if the knowledge base does not keep texts.
  public let text: String?
  /// The second text of a pair.
  public let pair: String?
  /// The true label, or `nil` if nobody has told it, for regression, and where several labels can apply.
  public internal(set) var label: String?
  /// All true labels where several can apply, which may be none.
  public let labels: [String]?
  /// The true score of a regression.
  public let score: Float?
  /// Where the text comes from, such as `train.tsv:12`.
  public let source: String?

  /// Creates an entry. Its number is given by the log that it is added to.
  public init(
    text: String? = nil, pair: String? = nil, label: String? = nil, labels: [String]? = nil, score: Float? = nil,
    source: String? = nil
  ) {
    id = -1
    (self.text, self.pair, self.label, self.labels, self.score) = (text, pair, label, labels, score)
    self.source = source
  }

  /// The true labels, however many a text can have. `nil` if nobody has told them, and for regression.
  public var allLabels: [String]? { labels ?? label.map { [$0] } }
}
