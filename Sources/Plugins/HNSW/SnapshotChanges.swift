import DistillCore
import DistillVectors

/// A graph whose vectors have numbers, beneath the latest changes.
protocol NumberedGraph: NavigableGraph {
  /// The number of vectors.
  var count: Int { get }
  var metric: VectorMetric { get }

  /// Returns the number of a vector.
  func id(of row: Int) throws(Failure) -> Int
}

/// What came and went since a graph was made: vectors that are not in it yet, which are compared one by one, and those that are gone,
/// which a search crosses but does not find.
struct SnapshotChanges: Sendable {
  let width: Int
  let lengths: VectorLengths
  /// For each vector of the graph, whether it is still there.
  var isThere: [Bool]
  /// The number of those that are not.
  var removed = 0
  /// The vectors that are not in the graph yet, one after the other.
  var recent: [Float] = []
  var recentIDs: [Int] = []

  init(width: Int, lengths: VectorLengths, count: Int) {
    (self.width, self.lengths) = (width, lengths)
    isThere = Array(repeating: true, count: count)
  }

  /// Searches a graph beneath these changes; see ``HNSWSnapshot/search(_:neighbours:among:)``.
  func search(
    _ graph: some NumberedGraph, _ queries: Matrix, neighbours k: Int, among mayBeFound: ((Int) -> Bool)?
  ) throws -> [[HNSWSnapshot.Match]] {
    guard k >= 1, queries.columns == width else {
      throw ContractError("\(k) neighbours of queries of width \(queries.columns), among vectors of width \(width)")
    }
    if let row = queries.squaredNorms().firstIndex(where: { !$0.isFinite }) {
      throw ContractError("query \(row) is not finite")
    }
    let queries = lengths == .normalised ? queries.normalised() : queries
    var filter = removed > 0 ? isThere : nil
    if let mayBeFound {
      filter = try isThere.indices.map { row in try isThere[row] && mayBeFound(graph.id(of: row)) }
    }
    let found = try graph.nearest(k, to: queries, among: filter)
    let open = recentIDs.indices.filter { mayBeFound?(recentIDs[$0]) ?? true }.map { Int32($0) }
    let vectors = Matrix(rows: recentIDs.count, columns: width, values: recent)
    var similarities = [Float](repeating: 0, count: open.count)
    return try found.enumerated().map { query, found in
      var candidates = found.map { Candidate(row: Int32($0.row), similarity: $0.similarity) }
      if !open.isEmpty {
        vectors.similarities(of: queries.row(query).span, toRows: open[...], by: graph.metric, into: &similarities)
        candidates += zip(open, similarities).map { Candidate(row: Int32(graph.count) + $0, similarity: $1) }
        candidates.sort(by: >)
      }
      return try candidates.prefix(k).map { candidate in
        let row = Int(candidate.row)
        return HNSWSnapshot.Match(
          id: try row < graph.count ? graph.id(of: row) : recentIDs[row - graph.count],
          similarity: candidate.similarity)
      }
    }
  }
}
