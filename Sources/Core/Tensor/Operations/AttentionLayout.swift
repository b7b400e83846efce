/// Where queries, keys and values lie and which rows belong together.
///
/// Sequences are packed: sequence b owns query rows `queryOffsets[b] ..< queryOffsets[b+1]` and key rows
/// `keyOffsets[b] ..< keyOffsets[b+1]`, and no row ever sees another sequence. With as many queries as keys this is
/// self-attention; with one query per sequence it is the [CLS] row alone.
public struct AttentionLayout: Sendable {
  public let heads: Int
  public let queryOffsets: [Int]
  public let keyOffsets: [Int]
  /// `probabilityOffsets[b]` is Σ queries · keys of the sequences before b, for one head.
  public let probabilityOffsets: [Int]

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

  /// Self-attention: every token of a sequence is a query and a key.
  init(heads: Int, offsets: [Int]) { self.init(heads: heads, queryOffsets: offsets, keyOffsets: offsets) }

  public var sequenceCount: Int { keyOffsets.count - 1 }
  /// A·Σ queries·keys: how many probabilities there are.
  public var probabilityCount: Int { heads * (probabilityOffsets.last ?? 0) }
}

extension AttentionLayout {
  /// Where one (sequence, head) block lies: its rows, its columns, its probabilities.
  struct Block {
    let sequence: Int, head: Int
    let queryRow: Int, queries: Int, keyRow: Int, keys: Int, column: Int, probability: Int
    var probabilities: Range<Int> { probability..<probability + queries * keys }
  }

  /// Calls `body(block)` for every block; a thread takes a few whole ones at a time, about as large as what others take.
  /// - Parameter headWidth: columns of a head, which are also the work of a probability: too little is not handed over.
  func forBlocks(headWidth: Int, _ body: (Block) -> Void) {
    let sequences = sequenceCount
    let total = probabilityOffsets.last ?? 0
    // Work item i is head i % heads of sequence i / heads; equal shares of Σ queries·keys decide where a part begins.
    func firstItem(_ part: Int, of parts: Int) -> Int {
      if part == 0 { return 0 }  // also where the first sequences have nothing to share out
      let goal = total * heads * part / parts
      let sequence = probabilityOffsets.lastIndex { $0 * heads <= goal } ?? 0
      guard sequence < sequences else { return sequences * heads }
      let size = probabilityOffsets[sequence + 1] - probabilityOffsets[sequence]
      return sequence * heads + (size == 0 ? 0 : (goal - probabilityOffsets[sequence] * heads) / size)
    }
    let parts = Compute.parts(total * heads * headWidth, grain: 65_536)
    Compute.parallel(parts: parts) { part in
      for item in firstItem(part, of: parts)..<(part + 1 == parts ? sequences * heads : firstItem(part + 1, of: parts))
      {
        let (b, head) = (item / heads, item % heads)
        let queries = queryOffsets[b + 1] - queryOffsets[b]
        let keys = keyOffsets[b + 1] - keyOffsets[b]
        body(
          Block(
            sequence: b, head: head, queryRow: queryOffsets[b], queries: queries, keyRow: keyOffsets[b], keys: keys,
            column: head * headWidth, probability: probabilityOffsets[b] * heads + head * queries * keys))
      }
    }
  }
}
