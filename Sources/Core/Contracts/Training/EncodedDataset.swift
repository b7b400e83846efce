/// Texts as token ids, with their targets: what batches are taken from.
public struct EncodedDataset: Sendable {
  public let sequences: [TokenSequence]
  public let targets: [Target]?

  public init(sequences: [TokenSequence], targets: [Target]?) {
    precondition(targets.map { $0.count == sequences.count } ?? true, "as many targets as sequences")
    (self.sequences, self.targets) = (sequences, targets)
  }

  public var count: Int { sequences.count }

  /// The examples of the given indices as one packed batch.
  public func batch(_ examples: some Collection<Int>) -> TokenBatch {
    TokenBatch(
      examples.map { sequences[$0] }, targets: targets.map { all in examples.map { all[$0] } },
      examples: Array(examples))
  }
}
