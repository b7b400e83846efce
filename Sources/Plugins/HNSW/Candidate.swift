/// A node and its similarity to the query, encoded as one number, so that comparing two candidates is a single instruction.
///
/// The greater candidate is the more similar one. Among equally similar candidates, the lower row is the greater candidate.
struct Candidate: Comparable, Sendable {
  private let rank: UInt64

  init(row: Int32, similarity: Float) {
    // Inverting the bits of negative numbers, and the sign of the others, makes the order of the bits that of the numbers. The
    // similarity is never −0, because it is a sum that starts from 0.
    let bits = similarity.bitPattern
    let ordered = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
    rank = UInt64(ordered) << 32 | UInt64(~UInt32(bitPattern: row))
  }

  private init(rank: UInt64) { self.rank = rank }

  var row: Int32 { Int32(bitPattern: ~UInt32(truncatingIfNeeded: rank)) }
  var similarity: Float {
    let ordered = UInt32(rank >> 32)
    return Float(bitPattern: ordered >> 31 == 1 ? ordered & ~(1 << 31) : ~ordered)
  }
  /// A number that orders candidates in reverse. A heap of such numbers has the worst candidate on top.
  var reversed: Candidate { Candidate(rank: ~rank) }

  static func < (a: Candidate, b: Candidate) -> Bool { a.rank < b.rank }
}
