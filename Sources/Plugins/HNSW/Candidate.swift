/// A node and its similarity to what is searched, in one number: greater is more similar, or a lower row among equals.
struct Candidate: Comparable, Sendable {
  private let rank: UInt64

  init(row: Int32, similarity: Float) {
    let bits = similarity.bitPattern  // never that of −0: sums that start from 0 do not end there
    let ordered = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
    rank = UInt64(ordered) << 32 | UInt64(~UInt32(bitPattern: row))
  }

  private init(rank: UInt64) { self.rank = rank }

  var row: Int32 { Int32(bitPattern: ~UInt32(truncatingIfNeeded: rank)) }
  var similarity: Float {
    let ordered = UInt32(rank >> 32)
    return Float(bitPattern: ordered >> 31 == 1 ? ordered & ~(1 << 31) : ~ordered)
  }
  /// The same candidate in the opposite order: what is put into a heap to find its worst.
  var reversed: Candidate { Candidate(rank: ~rank) }

  static func < (a: Candidate, b: Candidate) -> Bool { a.rank < b.rank }
}
