/// The rows of queries and keys that belong to each sequence of a packed batch.
///
/// The queries of sequence b are the rows `queryOffsets[b] ..< queryOffsets[b+1]`, and its keys and values are the rows
/// `keyOffsets[b] ..< keyOffsets[b+1]`. A query attends only to keys of its own sequence. With equal offsets this is
/// self-attention. With one query per sequence it is the attention of the [CLS] token alone.
public struct AttentionLayout: Sendable {
  package let heads: Int
  package let queryOffsets: [Int]
  package let keyOffsets: [Int]
  /// The number of probabilities of one head in all sequences before each: Σ queries · keys.
  package let probabilityOffsets: [Int]

  public init(heads: Int, queryOffsets: [Int], keyOffsets: [Int]) {
    precondition(heads > 0 && queryOffsets.count == keyOffsets.count, "\(heads) heads, offsets of different numbers")
    for offsets in [queryOffsets, keyOffsets] {
      precondition(
        offsets.first == 0 && zip(offsets, offsets.dropFirst()).allSatisfy(<=),
        "offsets begin at 0 and ascend: \(offsets)")
    }
    self.heads = heads
    self.queryOffsets = queryOffsets
    self.keyOffsets = keyOffsets
    var sums = [0]
    for b in 0..<keyOffsets.count - 1 {
      sums.append(sums[b] + (queryOffsets[b + 1] - queryOffsets[b]) * (keyOffsets[b + 1] - keyOffsets[b]))
    }
    probabilityOffsets = sums
  }

  /// Creates the layout of self-attention, in which every token of a sequence is both a query and a key.
  init(heads: Int, offsets: [Int]) { self.init(heads: heads, queryOffsets: offsets, keyOffsets: offsets) }

  package var sequenceCount: Int { keyOffsets.count - 1 }
  /// The number of probabilities of all heads: A·Σ queries·keys.
  public var probabilityCount: Int { heads * (probabilityOffsets.last ?? 0) }
}

extension AttentionLayout {
  /// The position of one head of one sequence: its rows, its first column, and its first probability.
  struct Block {
    let sequence: Int, head: Int
    let queryRow: Int, queries: Int, keyRow: Int, keys: Int, column: Int, probability: Int
    var probabilities: Range<Int> { probability..<probability + queries * keys }
  }

  /// Returns one head of one sequence.
  private func block(_ b: Int, _ head: Int, headWidth: Int) -> Block {
    let queries = queryOffsets[b + 1] - queryOffsets[b]
    let keys = keyOffsets[b + 1] - keyOffsets[b]
    return Block(
      sequence: b, head: head, queryRow: queryOffsets[b], queries: queries, keyRow: keyOffsets[b], keys: keys,
      column: head * headWidth, probability: probabilityOffsets[b] * heads + head * queries * keys)
  }

  /// Calls `body` with every block, in parallel. Each part consists of whole blocks, and all parts are about equally large.
  ///
  /// - Parameter headWidth: The number of columns of a head. It also stands for the work per probability, which decides into how
  ///   many parts it is worth dividing the blocks.
  func forBlocks(headWidth: Int, _ body: (Block) -> Void) {
    let sequences = sequenceCount
    let total = probabilityOffsets.last ?? 0
    // Item i is head i % heads of sequence i / heads. Parts begin where they have equal shares of Σ queries·keys.
    func firstItem(_ part: Int, of parts: Int) -> Int {
      if part == 0 { return 0 }  // otherwise empty sequences at the beginning would belong to no part
      let goal = total * heads * part / parts
      let sequence = probabilityOffsets.lastIndex { $0 * heads <= goal } ?? 0
      guard sequence < sequences else { return sequences * heads }
      let size = probabilityOffsets[sequence + 1] - probabilityOffsets[sequence]
      return sequence * heads + (size == 0 ? 0 : (goal - probabilityOffsets[sequence] * heads) / size)
    }
    let parts = Compute.parts(total * heads * headWidth, grain: 16_384)
    Compute.parallel(parts: parts) { part in
      for item in firstItem(part, of: parts)..<(part + 1 == parts ? sequences * heads : firstItem(part + 1, of: parts))
      {
        body(block(item / heads, item % heads, headWidth: headWidth))
      }
    }
  }

  /// Calls `body` with every block, one after the other.
  func forBlocksInOrder(_ body: (Block) -> Void) {
    for sequence in 0..<sequenceCount { for head in 0..<heads { body(block(sequence, head, headWidth: 1)) } }
  }
}
