/// A row and its similarity to a query, encoded as one number, so that comparing two candidates is a single instruction.
///
/// The greater candidate is the more similar one. Among equally similar candidates, the lower row is the greater candidate.
public struct Candidate: Comparable, Sendable {
  /// The number: the similarity is in its upper half, and the row in its lower one.
  public let rank: UInt64

  public init(row: Int32, similarity: Float) {
    // Inverting the bits of negative numbers, and the sign of the others, makes the order of the bits that of the numbers. Adding 0
    // makes 0 of −0.
    let bits = (similarity + 0).bitPattern
    let ordered = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
    rank = UInt64(ordered) << 32 | UInt64(~UInt32(bitPattern: row))
  }

  init(rank: UInt64) { self.rank = rank }

  public var row: Int32 { Int32(bitPattern: ~UInt32(truncatingIfNeeded: rank)) }
  public var similarity: Float {
    let ordered = UInt32(rank >> 32)
    return Float(bitPattern: ordered >> 31 == 1 ? ordered & ~(1 << 31) : ~ordered)
  }

  public static func < (a: Candidate, b: Candidate) -> Bool { a.rank < b.rank }
}
