import DistillCore
import DistillVectors

/// A Hierarchical Navigable Small World graph: an approximate index for the largest inner product or the smallest distance.
///
/// Every vector is a node with links to nearby nodes. A node is on the layers 0 … l, where l is drawn from a geometric
/// distribution. A search walks greedily through the sparse upper layers and then follows the links of the `efSearch` best
/// candidates on layer 0. Source: Malkov and Yashunin 2018, "Efficient and robust approximate nearest neighbor search using
/// Hierarchical Navigable Small World graphs", IEEE TPAMI 42 (arXiv:1603.09320).
///
/// Links are followed by vectors of bytes, which are a quarter as much to read, and the best candidates are compared once more by the
/// vectors themselves, so that their similarities are exact.
///
/// Two additions to the paper deal with duplicates. On layer 0 every node except the first has a parent, and the links between
/// them are never removed, so every vector can be reached even if many are at the same place. Vectors at the same place do not
/// fill each other's lists, so that a group of duplicates keeps its links to other vectors.
///
/// ```swift
/// let index = try HNSWIndex(vectors: keys)
/// for neighbour in try index.search(query, neighbours: 8) { print(neighbour.row, neighbour.similarity) }
/// ```
///
/// Most nodes are linked at once, and only those since the last round number one after the other. The same vectors and options
/// result in the same index, bit for bit, whatever the number of threads, the instruction set, and the order of additions. Several
/// threads may search an index at the same time.
public struct HNSWIndex: Sendable {
  /// The largest number of links of a node on each upper layer. On layer 0 it is 2·m.
  public let m: Int
  /// The number of candidates from which the links of a new node were chosen.
  public let efConstruction: Int
  /// The seed of the nodes' layers.
  public let seed: UInt64
  /// How the similarity of two vectors is measured.
  public var metric: VectorMetric { codes.metric }
  /// The number of candidates in a search. If more neighbours are requested, their number is used instead.
  public var efSearch = 64 { didSet { measuredRecall = nil } }
  /// The share of the nearest vectors that a search with `efSearch` candidates finds, if someone has measured it, in 0 … 1.
  public var measuredRecall: Double?

  let vectors: Matrix
  let codes: QuantisedVectors
  let links: LinkTable
  /// The parent of each node on layer 0, which is its own for the first one. `nil` in an index that an older version has written.
  let parents: [Int32]?
  let scratches = ScratchPool()

  /// The number of vectors, M.
  public var count: Int { vectors.rows }
  /// The width of the vectors, D.
  public var width: Int { vectors.columns }

  /// Builds an index on `Compute.threads` threads.
  ///
  /// - Parameters:
  ///   - vectors: [M, D]
  ///   - metric: How the similarity of two vectors is measured. For Euclidean distances all vectors are inserted one after the other.
  ///   - m: The largest number of links of a node on each upper layer, from 2 to 1024.
  ///   - efConstruction: The number of candidates for the links of a new node, at least 1.
  ///   - seed: The seed of the nodes' layers.
  /// - Throws: `ContractError` if a vector is not finite or an option is outside its range.
  public init(
    vectors: Matrix, metric: VectorMetric = .innerProduct, m: Int = 16, efConstruction: Int = 200, seed: UInt64 = 42
  ) throws {
    guard 2...1024 ~= m, efConstruction >= 1 else {
      throw ContractError("m is \(m), efConstruction \(efConstruction); they must be 2 … 1024 and at least 1")
    }
    let none = Matrix(rows: 0, columns: vectors.columns, values: [])
    let index = try HNSWIndex(
      vectors: none, codes: QuantisedVectors(none, metric: metric), links: LinkTable(m: m, levels: []), parents: [],
      efConstruction: efConstruction, seed: seed
    ).extended(to: vectors)
    self.init(
      vectors: vectors, codes: index.codes, links: index.links, parents: index.parents, efConstruction: efConstruction,
      seed: seed)
  }

  init(
    vectors: Matrix, codes: QuantisedVectors, links: LinkTable, parents: [Int32]?, efConstruction: Int, seed: UInt64
  ) {
    (self.vectors, self.codes, self.links, self.parents) = (vectors, codes, links, parents)
    (m, self.efConstruction, self.seed) = (links.m, efConstruction, seed)
  }

  /// Returns an index of more vectors, in which mostly only the further ones are inserted. It is the same, bit for bit, as one that
  /// is built over all of them.
  ///
  /// - Parameters:
  ///   - vectors: Vectors that begin with those of this index.
  ///   - relinks: Whether nodes are linked at once again where many came. If not, every further one is inserted, which takes less time
  ///     where few come at a time, and the index is another than one that is built over all vectors.
  /// - Throws: `ContractError` if they do not, or if a vector is not finite.
  public func extended(to vectors: Matrix, relinks: Bool = true) throws -> HNSWIndex {
    guard vectors.columns == width, vectors.values.starts(with: self.vectors.values) else {
      throw ContractError("an index can be extended to vectors only that begin with its own")
    }
    try Self.check(vectors)
    // The file of an older version does not tell the parents, so that the graph has to be built anew.
    let start = linkedAtOnce(vectors.rows)
    let goesOn = parents != nil && (start == linkedAtOnce(count) || !relinks && count > 0)
    let codes = QuantisedVectors(vectors, metric: metric)
    var builder = GraphBuilder(
      codes, links: goesOn ? links : LinkTable(m: m, levels: []), parents: goesOn ? parents ?? [] : [],
      efConstruction: efConstruction, key: RandomKey(seed))
    if !goesOn { builder.build(start) }
    for node in (goesOn ? count : start)..<vectors.rows { builder.insert(node) }
    var index = HNSWIndex(
      vectors: vectors, codes: codes, links: builder.links, parents: builder.parents, efConstruction: efConstruction,
      seed: seed)
    index.efSearch = efSearch
    return index
  }

  /// Returns how many of the first nodes are linked at once: of the number of nodes, the five highest binary digits. The others, which
  /// are fewer than one in sixteen, are inserted one after the other, and so are all of an index of less than a thousand, or of Euclidean distances.
  ///
  /// An index is therefore a function of its vectors, and one that grows is linked at once again whenever it has grown by a sixteenth
  /// or less.
  private func linkedAtOnce(_ count: Int) -> Int {
    if count < 1024 || metric == .euclidean { return 0 }
    let unit = 1 << (Int.bitWidth - count.leadingZeroBitCount - 5)
    return count / unit * unit
  }

  static func check(_ vectors: Matrix) throws {
    guard vectors.rows <= Int(Int32.max) else {
      throw ContractError("\(vectors.rows) vectors are more than an index can number; \(Int32.max) are the most")
    }
    guard vectors.columns <= QuantisedVectors.largestWidth else {
      throw ContractError("vectors of \(vectors.columns) numbers; \(QuantisedVectors.largestWidth) are the most")
    }
    guard let row = vectors.squaredNorms().firstIndex(where: { !$0.isFinite }) else { return }
    throw ContractError("vector \(row) is not finite")
  }
}
