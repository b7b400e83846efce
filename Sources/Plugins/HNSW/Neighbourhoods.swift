import DistillCore
import DistillVectors

/// For each of many vectors, the nearest others: of few vectors exactly, by comparing all pairs, and of more approximately.
///
/// Where all pairs would be too many, vectors are divided into leaves, which overlap, and all pairs within each leaf are compared. A
/// vector is in the leaves of the leaders that are nearest to it, and leaders are drawn at random. Then it is compared with the nearest
/// vectors of its nearest ones. Source: the leaves are those of
/// PiPNN (arXiv:2602.21247); it prunes the pairs of a leaf by hashes, and here each vector keeps its nearest ones of each leaf.
///
/// The result depends on the vectors, their number and the key alone.
struct Neighbourhoods {
  /// The number of vectors up to which all pairs are compared, where the two ways take about the same time.
  private static let few = 1 << 16
  /// The number of leaves of a vector, their mean size before those that are too large are divided, and the largest.
  ///
  /// Measured on 67,349 vectors of width 384: with 5 leaves of 2,000 a search has the recall of one after comparing all pairs if it has
  /// a sixth more candidates. 8 leaves of 1,000 are worse at equal time, and 8 of 2,000 are no better.
  private static let (leaves, mean, largest) = (5, 2000, 6000)
  /// The nearest vectors of the nearest vectors that are compared as well, of each of which there are so many.
  ///
  /// Two vectors that are near each other need not share a leaf, but mostly have a neighbour in common. Measured on 140,000 vectors of
  /// width 384: a search with 64 candidates finds 0.968 instead of 0.965. Source: Dong et al. 2011, "Efficient k-nearest neighbor graph
  /// construction for generic similarity measures" (one step of NN-descent).
  private static let hop = 16
  /// Leaves that are compared before their results are put together.
  private static let share = 64

  private let vectors: QuantisedVectors
  private let count: Int
  /// The number of neighbours of a vector, itself included, and how many of these come from one leaf at most.
  private let most: Int
  private let mostOfLeaf: Int
  /// The neighbours that the leaves have found: `most` places for each vector, of which the first `counts` are used.
  private var lists: [Candidate] = []
  private var counts: [Int32] = []

  /// - Parameters:
  ///   - count: The number of vectors, which are the first ones of `vectors`.
  ///   - most: The largest number of neighbours of each.
  init(of vectors: QuantisedVectors, first count: Int, atMost most: Int, key: RandomKey) {
    mostOfLeaf = max(16, most / 5) + 1
    // What the leaves find together is kept until all are done, and most of it is there twice.
    (self.vectors, self.count, self.most) = (vectors, count, min(count > Self.few ? 3 * mostOfLeaf : most + 1, count))
    guard count > Self.few else { return }
    let leaves = Self.divide(vectors, first: count, among: Self.leaves, key)
    (lists, counts) = (
      Array(repeating: Candidate(row: 0, similarity: 0), count: count * self.most), Array(repeating: 0, count: count)
    )
    for start in stride(from: 0, to: leaves.count, by: Self.share) {
      let share = leaves[start..<min(start + Self.share, leaves.count)]
      let found = Compute.map(parts: share.count) { [mostOfLeaf] part in
        let leaf = share[start + part]
        return vectors.gathered(leaf).nearest(mostOfLeaf, toRows: 0..<leaf.count)
      }
      for (leaf, found) in zip(share, found) {
        for (row, nearest) in zip(leaf, found) {
          merge(nearest.lazy.map { Candidate(row: leaf[Int($0.row)], similarity: $0.similarity) }, into: Int(row))
        }
      }
    }
  }

  /// Returns the nearest vectors of some, the best first. A vector is among its own.
  func candidates(of rows: Range<Int>) -> [[Candidate]] {
    if counts.isEmpty { return vectors.nearest(most, toRows: rows, among: 0..<count) }
    var query = vectors.emptyQuery()
    // For each vector, the last row of which it became a candidate.
    var marks = [Int32](repeating: -1, count: count)
    var (fresh, similarities): ([Int32], [Float]) = ([], [])
    return rows.map { row in
      let (own, mark) = (list(of: row, atMost: most), Int32(row))
      fresh.removeAll(keepingCapacity: true)
      for candidate in own { marks[Int(candidate.row)] = mark }
      for near in own.prefix(Self.hop) {
        for next in list(of: Int(near.row), atMost: Self.hop) where marks[Int(next.row)] != mark {
          marks[Int(next.row)] = mark
          fresh.append(next.row)
        }
      }
      if similarities.count < fresh.count { similarities = Array(repeating: 0, count: fresh.count) }
      vectors.load(row, into: &query)
      vectors.similarities(of: query, toRows: fresh[...], into: &similarities)
      return (own + zip(fresh, similarities).map { Candidate(row: $0, similarity: $1) }).sorted(by: >)
    }
  }

  private func list(of row: Int, atMost limit: Int) -> ArraySlice<Candidate> {
    lists[row * most..<row * most + min(limit, Int(counts[row]))]
  }

  /// Adds candidates, the best first, to the list of a vector, as far as there is room and they are not in it yet.
  private mutating func merge(_ found: some RandomAccessCollection<Candidate>, into row: Int) {
    let (start, old) = (row * most, Int(counts[row]))
    var merged: [Candidate] = []
    merged.reserveCapacity(min(most, old + found.count))
    var (next, rest) = (0, found[...])
    while merged.count < most, next < old || !rest.isEmpty {
      let own = next < old ? lists[start + next] : nil
      let other = rest.first
      if let own, other.map({ own >= $0 }) ?? true {
        merged.append(own)
        next += 1
        if own == other { rest.removeFirst() }
      } else if let other {
        merged.append(other)
        rest.removeFirst()
      }
    }
    for (place, candidate) in merged.enumerated() { lists[start + place] = candidate }
    counts[row] = Int32(merged.count)
  }

  /// Divides the first vectors into leaves, of which each vector is in `each`, and returns the rows of each leaf in ascending order.
  private static func divide(
    _ vectors: QuantisedVectors, first count: Int, among each: Int, _ key: RandomKey
  ) -> [[Int32]] {
    let draws = (0..<count).map { (key.bits(UInt64($0)), Int32($0)) }.sorted { $0 < $1 }
    let leaders = draws.prefix(max(2, (count * each + mean - 1) / mean)).map(\.1).sorted()
    let (centres, group) = (vectors.gathered(leaders), 512)
    let nearest = Compute.map(parts: (count + group - 1) / group) { part in
      centres.nearest(
        min(each, leaders.count), toRows: part * group..<min((part + 1) * group, count), of: vectors)
    }
    var leaves = [[Int32]](repeating: [], count: leaders.count)
    for (row, found) in nearest.joined().enumerated() {
      for leader in found { leaves[Int(leader.row)].append(Int32(row)) }
    }
    return leaves.enumerated().flatMap { place, leaf -> [[Int32]] in
      if leaf.count <= largest { return [leaf] }
      // Vectors that hardly differ have the same nearest leaders, so that any division of them is as good.
      if leaf.count > count / 10 * 9 {
        let parts = (leaf.count + largest - 1) / largest
        return (0..<parts).map { Array(leaf[leaf.count * $0 / parts..<leaf.count * ($0 + 1) / parts]) }
      }
      return divide(vectors.gathered(leaf), first: leaf.count, among: 1, key.child("\(place)")).map { rows in
        rows.map { leaf[Int($0)] }
      }
    }
  }
}
