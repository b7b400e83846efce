/// `B` sequences of `N` tokens in all, laid end to end, never padded.
///
/// A batch may be a slice of a larger, logical one that several threads or steps share. `firstToken`, `firstSequence`
/// and `firstAttention` say where in the logical batch it begins, so that what is a function of the position (dropout)
/// does not depend on how the batch was sliced.
public struct TokenBatch: Sendable, Equatable {
  /// `[N]`
  public let ids: [Int32]
  /// `[N]`: 0 for the first text of an example, 1 for the second.
  public let typeIDs: [Int32]
  /// `[B + 1]`: sequence `b` is `offsets[b]..<offsets[b + 1]`; the first is 0, the last `N`.
  public let offsets: [Int]
  /// `[B]`, if the task's answers are known.
  public let targets: [Target]?
  /// `[B]`: the index of each sequence in its dataset.
  public let examples: [Int]
  /// Tokens of the logical batch before this slice.
  public let firstToken: Int
  /// Sequences of the logical batch before this slice.
  public let firstSequence: Int
  /// Σ T² over the sequences of the logical batch before this slice: attention probabilities of one head.
  public let firstAttention: Int

  /// `B`
  public var sequenceCount: Int { examples.count }
  /// `N`
  public var tokenCount: Int { ids.count }

  /// A whole batch. `targets`, if any, and `examples` hold one element for each sequence.
  public init(_ sequences: [TokenSequence], targets: [Target]? = nil, examples: [Int]) {
    precondition(examples.count == sequences.count, "\(examples.count) examples for \(sequences.count) sequences")
    precondition(
      targets.map { $0.count == sequences.count } ?? true,
      "\(targets?.count ?? 0) targets for \(sequences.count) sequences")
    ids = sequences.flatMap(\.ids)
    typeIDs = sequences.flatMap(\.typeIDs)
    offsets = sequences.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.ids.count) }
    self.targets = targets
    self.examples = examples
    (firstToken, firstSequence, firstAttention) = (0, 0, 0)
  }

  private init(_ batch: TokenBatch, _ range: Range<Int>) {
    let first = batch.offsets[range.lowerBound]
    let tokens = first..<batch.offsets[range.upperBound]
    ids = Array(batch.ids[tokens])
    typeIDs = Array(batch.typeIDs[tokens])
    offsets = batch.offsets[range.lowerBound...range.upperBound].map { $0 - first }
    targets = batch.targets.map { Array($0[range]) }
    examples = Array(batch.examples[range])
    firstToken = batch.firstToken + first
    firstSequence = batch.firstSequence + range.lowerBound
    firstAttention =
      batch.firstAttention
      + (0..<range.lowerBound).reduce(0) { sum, index in
        let length = batch.offsets[index + 1] - batch.offsets[index]
        return sum + length * length
      }
  }

  /// The sequences `range`; their place in the logical batch is kept.
  public func slice(_ range: Range<Int>) -> TokenBatch {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= sequenceCount, "sequences \(range) of a batch of \(sequenceCount)")
    return TokenBatch(self, range)
  }
}
