/// A dataset of token ids and targets, from which batches are taken.
public struct EncodedDataset: Sendable {
  /// The token ids of each example.
  public let sequences: [TokenSequence]
  /// One target for each sequence, or `nil` if the texts have no labels.
  public let targets: [Target]?

  /// Creates a dataset. If there are targets, there must be as many as sequences.
  public init(sequences: [TokenSequence], targets: [Target]?) {
    precondition(targets.map { $0.count == sequences.count } ?? true, "as many targets as sequences")
    (self.sequences, self.targets) = (sequences, targets)
  }

  public var count: Int { sequences.count }

  /// Returns the examples at the given indices as one packed batch.
  public func batch(_ examples: some Collection<Int>) -> TokenBatch {
    TokenBatch(
      examples.map { sequences[$0] }, targets: targets.map { all in examples.map { all[$0] } },
      examples: Array(examples))
  }
}
