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
    /// The inner product with the query.
    public let similarity: Float
  }

  /// The graph with the number of each of its vectors, and the row of each number.
  private final class Base: Sendable {
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
  }

  private var base: Base
  /// For each vector of the graph, whether it is still there.
  private var isThere: [Bool]
  private var removed = 0
  /// The vectors that are not in the graph yet, one after the other.
  private var recent: [Float] = []
  private var recentIDs: [Int] = []

  init(_ graph: HNSWIndex, ids: [Int]) {
    base = Base(graph, ids: ids, linked: ids.count)
    isThere = Array(repeating: true, count: ids.count)
  }

  /// The number of vectors.
  public var count: Int { base.ids.count - removed + recentIDs.count }
  /// The width of the vectors.
  public var width: Int { base.graph.width }
  /// The numbers of the vectors, in ascending order.
  public var ids: [Int] { (zip(base.ids, isThere).lazy.filter(\.1).map(\.0) + recentIDs).sorted() }
  /// The number of candidates in a search; see ``HNSWIndex/efSearch``.
  public var efSearch: Int { base.graph.efSearch }

  /// Returns the vector with a number, or `nil` if there is none.
  public func vector(_ id: Int) -> [Float]? {
    if let place = recentIDs.firstIndex(of: id) { return Array(recent[place * width..<(place + 1) * width]) }
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
    var filter = removed > 0 ? isThere : nil
    if let mayBeFound {
      filter = zip(base.ids, isThere).map { $1 && mayBeFound($0) }
    }
    let found = try base.graph.search(queries, neighbours: k, among: filter)
    let open = recentIDs.indices.filter { mayBeFound?(recentIDs[$0]) ?? true }
    if open.isEmpty { return found.map { $0.map { Match(id: base.ids[$0.row], similarity: $0.similarity) } } }
    let (rows, vectors) = (
      open.map { Int32($0) }, Matrix(rows: recentIDs.count, columns: width, values: recent)
    )
    var similarities = [Float](repeating: 0, count: rows.count)
    return found.enumerated().map { query, found in
      vectors.dotProducts(of: queries.row(query).span, withRows: rows[...], into: &similarities)
      let candidates =
        found.map { Candidate(row: Int32($0.row), similarity: $0.similarity) }
        + zip(rows, similarities).map { Candidate(row: Int32(base.ids.count) + $0, similarity: $1) }
      return candidates.sorted(by: >).prefix(k).map { candidate in
        let row = Int(candidate.row)
        return Match(
          id: row < base.ids.count ? base.ids[row] : recentIDs[row - base.ids.count], similarity: candidate.similarity)
      }
    }
  }

  /// Returns descriptions of all violations of the graph's invariants; see ``HNSWIndex/invariantViolations()``.
  public func invariantViolations() -> [String] { base.graph.invariantViolations() }
}

/// Changes, which ``MutableHNSWIndex`` makes in a copy of its own.
extension HNSWSnapshot {
  func contains(_ id: Int) -> Bool { row(of: id) != nil || recentIDs.contains(id) }

  mutating func set(efSearch: Int) {
    var graph = base.graph
    graph.efSearch = efSearch
    base = Base(graph, ids: base.ids, linked: base.linked)
  }

  mutating func insert(_ vector: some Collection<Float>, id: Int) {
    remove(id)
    recent.append(contentsOf: vector)
    recentIDs.append(id)
  }

  mutating func remove(_ id: Int) {
    if let place = recentIDs.firstIndex(of: id) {
      recentIDs.remove(at: place)
      recent.removeSubrange(place * width..<(place + 1) * width)
    } else if let row = row(of: id) {
      isThere[row] = false
      removed += 1
    }
  }

  /// Extends the graph if there are many vectors that are not in it, and builds it anew if a third of its vectors are gone.
  ///
  /// Few vectors are inserted. Once the graph has grown by half, it is linked at once again, which takes less time for each vector than
  /// inserting it did.
  mutating func fold(always: Bool = false) throws {
    let isCrowded = removed > base.ids.count / 3
    guard always || isCrowded || recentIDs.count > max(512, base.ids.count / 256) else { return }
    let (all, ids) = (base.graph.vectors.values + recent, base.ids + recentIDs)
    let vectors = Matrix(rows: ids.count, columns: width, values: all)
    guard isCrowded || always && removed > 0 else {
      let relinks = always || ids.count > base.linked + base.linked / 2
      base = Base(
        try base.graph.extended(to: vectors, relinks: relinks), ids: ids, linked: relinks ? ids.count : base.linked)
      isThere += Array(repeating: true, count: recentIDs.count)
      (recent, recentIDs) = ([], [])
      return
    }
    let old = base.graph
    let kept = ids.indices.filter { $0 >= isThere.count || isThere[$0] }
    var graph = try HNSWIndex(
      vectors: vectors.gathered(kept), m: old.m, efConstruction: old.efConstruction, seed: old.seed)
    graph.efSearch = old.efSearch
    self = HNSWSnapshot(graph, ids: kept.map { ids[$0] })
  }

  private func row(of id: Int) -> Int? { base.rows[id].flatMap { isThere[$0] ? $0 : nil } }
}

// The file is that of the graph with three more tensors: `all` [M, D] holds the vectors, the first of which are those of the graph,
// `ids` [M] their numbers, and `removed` the rows of vectors that are gone. The metadata have a checksum of the three.
extension HNSWSnapshot {
  /// Writes everything into one file, atomically.
  public func write(to file: URL) throws {
    let vectors = Matrix(
      rows: base.ids.count + recentIDs.count, columns: width, values: base.graph.vectors.values + recent)
    let ids = (base.ids + recentIDs).map(Int64.init)
    let gone = isThere.indices.filter { !isThere[$0] }.map(Int64.init)
    var writer = base.graph.writer([
      "contents": Self.checksum(vectors, ids, gone), "graph": "\(base.ids.count)", "ef_search": "\(efSearch)",
    ])
    writer.add("all", shape: [vectors.rows, width], floats: { vectors.values })
    writer.add("ids", shape: [ids.count], integers: { ids })
    writer.add("removed", shape: [gone.count], integers: { gone })
    try writer.write(to: file)
  }

  /// Reads what ``write(to:)`` has written.
  ///
  /// - Throws: `FormatError` if the file is damaged.
  public init(from file: URL) throws {
    let reader = try SafetensorsReader(file)
    func refuse(_ problem: String) -> FormatError { FormatError(file: file, problem) }
    let (ids, gone) = (try reader.integers(named: "ids"), try reader.integers(named: "removed"))
    guard let shape = reader.tensors["all"]?.shape, shape.count == 2, shape[0] == ids.count,
      let count = reader.metadata["graph"].flatMap(Int.init), 0...ids.count ~= count,
      let efSearch = reader.metadata["ef_search"].flatMap(Int.init), efSearch >= 1,
      gone.allSatisfy({ 0..<Int64(count) ~= $0 }), Set(gone).count == gone.count
    else { throw refuse("does not hold the vectors of an index") }
    let vectors = Matrix(rows: shape[0], columns: shape[1], values: try reader.floats(named: "all"))
    guard reader.metadata["contents"] == Self.checksum(vectors, ids, gone) else {
      throw refuse("is damaged: the checksum of its vectors does not fit")
    }
    var graph = try HNSWIndex(reader, vectors: vectors.gathered(Array(0..<count)))
    graph.efSearch = efSearch
    self.init(graph, ids: ids.prefix(count).map { Int($0) })
    for row in gone { isThere[Int(row)] = false }
    removed = gone.count
    recent = Array(vectors.values[(count * width)...])
    recentIDs = ids.dropFirst(count).map { Int($0) }
    guard Set(self.ids).count == self.count else { throw refuse("has two vectors of the same number") }
    try HNSWIndex.check(vectors)
  }

  private static func checksum(_ vectors: Matrix, _ ids: [Int64], _ gone: [Int64]) -> String {
    var checksum = Checksum()
    checksum.update(HNSWIndex.digest(of: vectors).utf8)
    checksum.update(numbers: ids)
    checksum.update("|".utf8)
    checksum.update(numbers: gone)
    return checksum.hexDigest
  }
}
