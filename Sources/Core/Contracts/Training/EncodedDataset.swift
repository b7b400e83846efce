/// A dataset of token ids and targets, from which batches are taken.
public struct EncodedDataset: Sendable {
  /// The token ids of each example.
  public let sequences: [TokenSequence]
  /// One target for each sequence, which is `nil` for a text without a label.
  public let targets: [Target?]
  /// What each sequence counts in losses on labels.
  public let weights: [Float]
  /// The texts that the sequences were made from, or `nil` if they are not known.
  public let texts: [PlainText]?

  /// Creates a dataset. Targets, weights and texts, if there are any, are as many as the sequences; the weight of each is 1 otherwise.
  public init(sequences: [TokenSequence], targets: [Target?]?, weights: [Float]? = nil, texts: [PlainText]? = nil) {
    precondition(texts.map { $0.count == sequences.count } ?? true, "texts and sequences differ in number")
    self.texts = texts
    let targets = targets ?? Array(repeating: nil, count: sequences.count)
    precondition(targets.count == sequences.count, "\(targets.count) targets for \(sequences.count) sequences")
    let weights = weights ?? Array(repeating: 1, count: sequences.count)
    precondition(weights.count == sequences.count, "\(weights.count) weights for \(sequences.count) sequences")
    (self.sequences, self.targets, self.weights) = (sequences, targets, weights)
  }

  public var count: Int { sequences.count }

  /// Returns the target of every sequence.
  ///
  /// - Throws: ``ContractError`` if a sequence has none.
  package func everyTarget() throws -> [Target] {
    let all = targets.compactMap(\.self)
    guard all.count == count else { throw ContractError("the data has no labels to compare with") }
    return all
  }

  /// Returns the examples at the given indices as one packed batch.
  public func batch(_ examples: some Collection<Int>) -> TokenBatch {
    TokenBatch(
      examples.map { sequences[$0] }, targets: examples.map { targets[$0] }, weights: examples.map { weights[$0] },
      examples: Array(examples), texts: texts.map { texts in examples.map { texts[$0] } })
  }
}
