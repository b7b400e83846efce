import DistillCore
import Synchronization

/// An HNSW index of vectors that come, change and go, each with a number of the caller's.
///
/// Any number of threads may search while one changes the index: a search sees the index as it was when it began. Changes wait for
/// each other. New vectors are compared one by one until there are some hundreds of them, and are then inserted into the graph; removed
/// ones stay bridges in it until they are a third, and then it is built anew, as it is whenever it has grown by half. A change that
/// does this takes as long as it does, and no search waits for it.
///
/// ```swift
/// let index = try MutableHNSWIndex(width: 384)
/// try index.insert(vectors, ids: [17, 4, 99])
/// try index.remove([4])
/// for match in try index.search(query, neighbours: 8) { print(match.id, match.similarity) }
/// try index.snapshot.write(to: file)
/// ```
public final class MutableHNSWIndex: Sendable {
  private let state: Mutex<HNSWSnapshot>
  /// Held by the one that changes the index.
  private let writing = Mutex<Void>(())

  /// Creates an empty index.
  ///
  /// - Parameters:
  ///   - width: D, the width of the vectors.
  ///   - metric: How the similarity of two vectors is measured.
  ///   - lengths: What is done with vectors and queries of a length other than 1. Default: for Euclidean distances nothing, and else
  ///     such vectors are refused.
  ///   - m: The largest number of links of a vector on each upper layer.
  ///   - efConstruction: The number of candidates for the links of a new vector.
  ///   - seed: The seed of the layers that vectors are drawn into.
  /// - Throws: `ContractError` if an option is outside its range.
  public convenience init(
    width: Int, metric: VectorMetric = .innerProduct, lengths: VectorLengths? = nil, m: Int = 16,
    efConstruction: Int = 200, seed: UInt64 = 42
  ) throws {
    guard width >= 1 else { throw ContractError("vectors of \(width) numbers") }
    let graph = try HNSWIndex(
      vectors: Matrix(rows: 0, columns: width, values: []), metric: metric, m: m, efConstruction: efConstruction,
      seed: seed)
    self.init(HNSWSnapshot(graph, ids: [], lengths: lengths ?? .usual(by: metric)))
  }

  /// Creates an index that begins as a snapshot, for example one that was read from a file.
  public init(_ snapshot: HNSWSnapshot) { state = Mutex(snapshot) }

  /// The index as it is now.
  public var snapshot: HNSWSnapshot { state.withLock { $0 } }
  /// The number of vectors.
  public var count: Int { snapshot.count }

  /// The number of candidates in a search; see ``HNSWIndex/efSearch``.
  public var efSearch: Int {
    get { snapshot.efSearch }
    set { change { $0.set(efSearch: newValue) } }
  }

  /// Inserts vectors. One with a number that is there already takes the place of the old one.
  ///
  /// - Parameters:
  ///   - vectors: [n, D]
  ///   - ids: n different numbers.
  /// - Throws: `ContractError` if the shapes do not fit, a number is given twice, or a vector is not finite or, if lengths have to be 1,
  ///   has another. Nothing is changed then.
  public func insert(_ vectors: Matrix, ids: [Int]) throws {
    guard vectors.rows == ids.count, vectors.columns == snapshot.width, Set(ids).count == ids.count else {
      throw ContractError(
        "[\(vectors.rows), \(vectors.columns)] vectors with \(Set(ids).count) different numbers of \(ids.count), in an index of "
          + "width \(snapshot.width)")
    }
    let vectors = try snapshot.lengths.prepared(vectors)
    try change { next in
      for (row, id) in ids.enumerated() { next.insert(vectors.row(row), id: id) }
      try next.fold()
    }
  }

  /// Inserts one vector, or puts it in the place of the one with this number; see ``insert(_:ids:)``.
  public func insert(_ vector: [Float], id: Int) throws {
    try insert(Matrix(rows: 1, columns: vector.count, values: vector), ids: [id])
  }

  /// Removes vectors.
  ///
  /// - Throws: `ContractError` if there is no vector with one of these numbers. Nothing is changed then.
  public func remove(_ ids: [Int]) throws {
    try change { next in
      if let id = ids.first(where: { !next.contains($0) }) { throw ContractError("no vector has the number \(id)") }
      for id in ids { next.remove(id) }
      try next.fold()
    }
  }

  /// Builds the graph anew of the vectors that are there, if any were removed, and else brings all of them into it.
  public func compact() throws { try change { try $0.fold(always: true) } }

  /// Returns the K nearest vectors of each query; see ``HNSWSnapshot/search(_:neighbours:among:)``.
  public func search(
    _ queries: Matrix, neighbours k: Int, among mayBeFound: ((Int) -> Bool)? = nil
  ) throws -> [[HNSWSnapshot.Match]] {
    try snapshot.search(queries, neighbours: k, among: mayBeFound)
  }

  /// Returns the K nearest vectors of one query.
  public func search(
    _ query: [Float], neighbours k: Int, among mayBeFound: ((Int) -> Bool)? = nil
  ) throws -> [HNSWSnapshot.Match] {
    try search(Matrix(rows: 1, columns: query.count, values: query), neighbours: k, among: mayBeFound)[0]
  }

  private func change(_ body: (inout HNSWSnapshot) throws -> Void) rethrows {
    try writing.withLock { _ in
      var next = snapshot
      try body(&next)
      state.withLock { [next] in $0 = next }
    }
  }
}
