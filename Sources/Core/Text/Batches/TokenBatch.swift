/// A packed batch: `B` sequences with `N` tokens in total, one after the other and without padding.
///
/// A batch may be a slice of a larger logical batch, such as a micro-batch. `firstToken`, `firstSequence` and `firstAttention`
/// are its position in the logical batch. Dropout masks are functions of that position, so they do not depend on the slicing.
public struct TokenBatch: Sendable, Equatable {
  /// The token ids, `[N]`.
  public let ids: [Int32]
  /// The type ids, `[N]`: 0 for the first text of an example, 1 for the second.
  public let typeIDs: [Int32]
  /// The positions of the sequences, `[B + 1]`: sequence `b` has the tokens `offsets[b]..<offsets[b + 1]`.
  public let offsets: [Int]
  /// The correct answers, `[B]`. An answer that is not known is `nil`.
  public let targets: [Target?]
  /// What each sequence counts in losses on labels, `[B]`. Their mean is 1 over the training texts, but not over a batch.
  public let weights: [Float]
  /// The index of each sequence in its dataset, `[B]`.
  public let examples: [Int]
  /// The texts that the sequences were made from, `[B]`, or `nil` if they are not known. A teacher can read these in the place of the ids.
  public let texts: [PlainText]?
  /// The number of tokens of the logical batch before this slice.
  public let firstToken: Int
  /// The number of sequences of the logical batch before this slice.
  public let firstSequence: Int
  /// The number of attention probabilities of one head before this slice: Σ T² over the earlier sequences.
  public let firstAttention: Int
  /// What ``firstAttention`` is if the texts of all pairs are read apart; see ``separated()``.
  private let firstSeparateAttention: Int

  /// The number of sequences, `B`.
  public var sequenceCount: Int { examples.count }
  /// The number of tokens, `N`.
  package var tokenCount: Int { ids.count }

  /// Creates a complete batch. `examples`, and `targets`, `weights` and `texts` if any are given, contain one element for each sequence.
  public init(
    _ sequences: [TokenSequence], targets: [Target?]? = nil, weights: [Float]? = nil, examples: [Int],
    texts: [PlainText]? = nil
  ) {
    precondition(texts.map { $0.count == sequences.count } ?? true, "texts and sequences differ in number")
    self.texts = texts
    let targets = targets ?? Array(repeating: nil, count: sequences.count)
    precondition(examples.count == sequences.count, "\(examples.count) examples for \(sequences.count) sequences")
    precondition(targets.count == sequences.count, "\(targets.count) targets for \(sequences.count) sequences")
    ids = sequences.flatMap(\.ids)
    typeIDs = sequences.flatMap(\.typeIDs)
    offsets = sequences.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.ids.count) }
    let weights = weights ?? Array(repeating: 1, count: sequences.count)
    precondition(weights.count == sequences.count, "\(weights.count) weights for \(sequences.count) sequences")
    (self.targets, self.weights, self.examples) = (targets, weights, examples)
    (firstToken, firstSequence, firstAttention, firstSeparateAttention) = (0, 0, 0, 0)
  }

  /// Creates the batch of both texts of each pair in `batch`, at the corresponding position of the logical batch.
  private init(separating batch: TokenBatch) {
    let texts = (0..<batch.sequenceCount).flatMap { index -> [[Int32]] in
      let (start, second, end) = batch.parts(index)
      return [Array(batch.ids[start..<second]), [batch.ids[start]] + batch.ids[second..<end]]
    }
    ids = texts.flatMap(\.self)
    typeIDs = Array(repeating: 0, count: ids.count)
    offsets = texts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    targets = batch.targets.flatMap { [$0, $0] }
    weights = batch.weights.flatMap { [$0, $0] }
    examples = batch.examples.flatMap { [$0, $0] }
    self.texts = nil
    (firstToken, firstSequence) = (batch.firstToken + batch.firstSequence, 2 * batch.firstSequence)
    (firstAttention, firstSeparateAttention) = (batch.firstSeparateAttention, 0)
  }

  /// Returns the positions of an example's first token, of the first token of its second text, and of its end.
  private func parts(_ index: Int) -> (start: Int, second: Int, end: Int) {
    let (start, end) = (offsets[index], offsets[index + 1])
    return (start, (start..<end).first { typeIDs[$0] == 1 } ?? end, end)
  }

  /// Whether every example has two texts.
  public var holdsPairs: Bool { (0..<sequenceCount).allSatisfy { parts($0).second < offsets[$0 + 1] } }

  /// Returns both texts of each pair as sequences of their own, [2B], first and second text by turns. Both begin with the first
  /// token of the example, which is [CLS], and have the type 0.
  public func separated() -> TokenBatch {
    precondition(holdsPairs, "a batch of single texts has no pairs to separate")
    return TokenBatch(separating: self)
  }

  /// Returns the row of each token of these pairs among the tokens of their separated texts. The [CLS] that was put before the second
  /// text of a pair has none.
  ///
  /// - Parameters:
  ///   - texts: A batch that contains the texts of ``separated()``.
  ///   - sequences: The index of each text in it, first and second text by turns.
  public func rows(in texts: TokenBatch, _ sequences: [Int]) -> [Int32] {
    (0..<sequenceCount).flatMap { index in
      let (start, second, end) = parts(index)
      let (u, v) = (texts.offsets[sequences[2 * index]], texts.offsets[sequences[2 * index + 1]])
      return (start..<end).map { Int32($0 < second ? u + $0 - start : v + 1 + $0 - second) }
    }
  }

  private init(_ batch: TokenBatch, _ range: Range<Int>) {
    let first = batch.offsets[range.lowerBound]
    let tokens = first..<batch.offsets[range.upperBound]
    ids = Array(batch.ids[tokens])
    typeIDs = Array(batch.typeIDs[tokens])
    offsets = batch.offsets[range.lowerBound...range.upperBound].map { $0 - first }
    targets = Array(batch.targets[range])
    weights = Array(batch.weights[range])
    examples = Array(batch.examples[range])
    texts = batch.texts.map { Array($0[range]) }
    firstToken = batch.firstToken + first
    firstSequence = batch.firstSequence + range.lowerBound
    firstAttention =
      batch.firstAttention
      + (0..<range.lowerBound).reduce(0) { sum, index in
        let length = batch.offsets[index + 1] - batch.offsets[index]
        return sum + length * length
      }
    firstSeparateAttention =
      batch.firstSeparateAttention
      + (0..<range.lowerBound).reduce(0) { sum, index in
        let (start, second, end) = batch.parts(index)
        return sum + (second - start) * (second - start) + (end - second + 1) * (end - second + 1)
      }
  }

  /// Returns the distinct sequences of a whole batch as a batch, and the row of each sequence in it.
  public func distinct() -> (batch: TokenBatch, rows: [Int]) {
    var rowOf: [ArraySlice<Int32>: Int] = [:]
    var (kept, rows) = ([TokenSequence](), [Int]())
    for (start, end) in zip(offsets, offsets.dropFirst()) {
      let row = rowOf[ids[start..<end], default: kept.count]
      if row == kept.count {
        rowOf[ids[start..<end]] = row
        kept.append(TokenSequence(ids: Array(ids[start..<end]), typeIDs: Array(typeIDs[start..<end])))
      }
      rows.append(row)
    }
    return (TokenBatch(kept, examples: Array(kept.indices)), rows)
  }

  /// Returns a batch of some of the sequences, which remembers its position in the logical batch.
  package func slice(_ range: Range<Int>) -> TokenBatch {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= sequenceCount, "sequences \(range) of a batch of \(sequenceCount)")
    return TokenBatch(self, range)
  }
}
