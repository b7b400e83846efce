import DistillCore
import DistillVectors
import Foundation

/// The vectors of a ``MutableHNSWIndex`` at one moment, which no later change touches.
///
/// Most vectors are in a graph. Those that came since it was last extended are compared one by one, and those that were removed since
/// it was last built are crossed but not found.
public struct HNSWSnapshot: Sendable {
  /// A vector that a search has found.
  public struct Match: Sendable, Equatable {
    /// The number that the vector was given.
    public let id: Int
    /// The inner product with the query, or −‖q − x‖² if the metric is the Euclidean distance.
    public let similarity: Float
  }

  /// The graph with the number of each of its vectors, and the row of each number.
  final class Base: NumberedGraph {
    let graph: HNSWIndex
    let ids: [Int]
    let rows: [Int: Int]
    /// The number of vectors when the graph was last linked at once.
    let linked: Int

    init(_ graph: HNSWIndex, ids: [Int], linked: Int) {
      (self.graph, self.ids, self.linked) = (graph, ids, linked)
      // A number that was given anew is that of the later row.
      rows = Dictionary(zip(ids, 0...)) { $1 }
    }

    var links: LinkTable { graph.links }
    var codes: QuantisedVectors { graph.codes }
    var width: Int { graph.width }
    var count: Int { graph.count }
    var metric: VectorMetric { graph.metric }
    var efSearch: Int { graph.efSearch }
    var scratches: ScratchPool { graph.scratches }
    func similarities(of query: Span<Float>, toRows rows: [Int32]) -> [Float] {
      graph.similarities(of: query, toRows: rows)
    }
    func id(of row: Int) -> Int { ids[row] }
  }

  private(set) var base: Base
  private(set) var changes: SnapshotChanges

  init(_ graph: HNSWIndex, ids: [Int], lengths: VectorLengths) {
    base = Base(graph, ids: ids, linked: ids.count)
    changes = SnapshotChanges(width: graph.width, lengths: lengths, count: ids.count)
  }

  /// Creates a snapshot of a graph with changes to it. `linked` is the number of vectors when the graph was last linked at once.
  init(_ graph: HNSWIndex, ids: [Int], linked: Int, changes: SnapshotChanges) {
    base = Base(graph, ids: ids, linked: linked)
    self.changes = changes
  }

  /// The number of vectors.
  public var count: Int { base.ids.count - changes.removed + changes.recentIDs.count }
  /// The width of the vectors.
  public var width: Int { base.graph.width }
  /// The numbers of the vectors, in ascending order.
  public var ids: [Int] { (zip(base.ids, changes.isThere).lazy.filter(\.1).map(\.0) + changes.recentIDs).sorted() }
  /// The number of candidates in a search; see ``HNSWIndex/efSearch``.
  public var efSearch: Int { base.graph.efSearch }
  /// How the similarity of two vectors is measured.
  public var metric: VectorMetric { base.graph.metric }
  /// What is done with vectors and queries of a length other than 1.
  public var lengths: VectorLengths { changes.lengths }

  /// Returns the vector with a number, or `nil` if there is none.
  public func vector(_ id: Int) -> [Float]? {
    if let place = changes.recentIDs.firstIndex(of: id) {
      return Array(changes.recent[place * width..<(place + 1) * width])
    }
    return row(of: id).map { Array(base.graph.vectors.row($0)) }
  }

  /// Returns the K nearest vectors of each query, the best first.
  ///
  /// - Parameters:
  ///   - queries: [B, D]
  ///   - k: K, at least 1.
  ///   - mayBeFound: Whether the vector with a number may be found. Default: all may.
  /// - Throws: `ContractError` if the width is not D, a query is not finite, or K < 1.
  public func search(
    _ queries: Matrix, neighbours k: Int, among mayBeFound: ((Int) -> Bool)? = nil
  ) throws -> [[Match]] {
    try changes.search(base, queries, neighbours: k, among: mayBeFound)
  }

  /// Returns descriptions of all violations of the graph's invariants; see ``HNSWIndex/invariantViolations()``.
  public func invariantViolations() -> [String] { base.graph.invariantViolations() }
}

/// Changes, which ``MutableHNSWIndex`` makes in a copy of its own.
extension HNSWSnapshot {
  func contains(_ id: Int) -> Bool { row(of: id) != nil || changes.recentIDs.contains(id) }

  mutating func set(efSearch: Int) {
    var graph = base.graph
    graph.efSearch = efSearch
    base = Base(graph, ids: base.ids, linked: base.linked)
  }

  mutating func insert(_ vector: some Collection<Float>, id: Int) {
    remove(id)
    changes.recent.append(contentsOf: vector)
    changes.recentIDs.append(id)
  }

  mutating func remove(_ id: Int) {
    if let place = changes.recentIDs.firstIndex(of: id) {
      changes.recentIDs.remove(at: place)
      changes.recent.removeSubrange(place * width..<(place + 1) * width)
    } else if let row = row(of: id) {
      changes.isThere[row] = false
      changes.removed += 1
    }
  }

  /// Extends the graph if there are many vectors that are not in it, and builds it anew if a third of its vectors are gone.
  ///
  /// Few vectors are inserted. Once the graph has grown by half, it is linked at once again, which takes less time for each vector than
  /// inserting it did.
  mutating func fold(always: Bool = false) throws {
    let isCrowded = changes.removed > base.ids.count / 3
    guard always || isCrowded || changes.recentIDs.count > max(512, base.ids.count / 256) else { return }
    let (all, ids) = (base.graph.vectors.values + changes.recent, base.ids + changes.recentIDs)
    let vectors = Matrix(rows: ids.count, columns: width, values: all)
    guard isCrowded || always && changes.removed > 0 else {
      let relinks = always || ids.count > base.linked + base.linked / 2
      base = Base(
        try base.graph.extended(to: vectors, relinks: relinks), ids: ids, linked: relinks ? ids.count : base.linked)
      changes.isThere += Array(repeating: true, count: changes.recentIDs.count)
      (changes.recent, changes.recentIDs) = ([], [])
      return
    }
    let old = base.graph
    let kept = ids.indices.filter { $0 >= changes.isThere.count || changes.isThere[$0] }
    var graph = try HNSWIndex(
      vectors: vectors.gathered(kept), metric: old.metric, m: old.m, efConstruction: old.efConstruction, seed: old.seed)
    graph.efSearch = old.efSearch
    self = HNSWSnapshot(graph, ids: kept.map { ids[$0] }, lengths: lengths)
  }

  private func row(of id: Int) -> Int? { base.rows[id].flatMap { changes.isThere[$0] ? $0 : nil } }
}
