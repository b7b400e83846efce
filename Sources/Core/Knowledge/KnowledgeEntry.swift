import DistillCore

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

/// Entries that are added together, with the numbers that belong to them.
public struct KnowledgeAddition: Sendable {
  public let entries: [KnowledgeEntry]
  /// The keys [M, D] of the M entries, each of length 1.
  public let keys: Matrix
  /// The teacher's probabilities or scores [S, C] of some entries, or `nil` if there are none.
  public let softLabels: Matrix?
  /// The S places of these entries among the M.
  public let softRows: [Int]

  public init(_ entries: [KnowledgeEntry], keys: Matrix, softLabels: Matrix? = nil, softRows: [Int] = []) {
    precondition(entries.count == keys.rows, "\(entries.count) entries with \(keys.rows) keys")
    precondition(softRows.count == softLabels?.rows ?? 0, "\(softRows.count) places of soft labels")
    (self.entries, self.keys, self.softLabels, self.softRows) = (entries, keys, softLabels, softRows)
  }
}

/// Everything that is known at one time. It is a value: what is changed later changes only later states.
public struct KnowledgeState: Sendable {
  /// The number of the change that led to this state.
  public let change: Int
  /// The entries in the order of their numbers.
  public let entries: [KnowledgeEntry]
  /// The key of each entry [M, D], of length 1.
  public let keys: Matrix
  /// The teacher's probabilities or scores, by the number of the entry.
  public let softLabels: [Int: [Float]]

  init(change: Int, entries: [KnowledgeEntry], keys: Matrix, softLabels: [Int: [Float]]) {
    (self.change, self.entries, self.keys, self.softLabels) = (change, entries, keys, softLabels)
  }

  /// The state of a knowledge base that begins with these entries, numbered from 0.
  public init(beginningWith addition: KnowledgeAddition) {
    let segment = KnowledgeSegment(adding: addition, from: 0)
    self.init(change: 1, entries: segment.added, keys: addition.keys, softLabels: segment.softLabelsByEntry)
  }

  /// The number of entries of each true label.
  public var labels: [String: Int] {
    entries.reduce(into: [:]) { if let label = $1.label { $0[label, default: 0] += 1 } }
  }
}
