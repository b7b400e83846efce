import DistillCore

/// A Hierarchical Navigable Small World: an approximate search for the largest inner product among unit vectors.
///
/// Every vector is a node with links to near ones. A node is on layers 0 … l, l being drawn from a geometric distribution;
/// a search walks greedily through the thin upper layers and looks around with `efSearch` candidates on the lowest.
/// Malkov and Yashunin 2018, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small
/// World graphs", IEEE TPAMI 42 (arXiv:1603.09320).
///
/// Two things are added to the paper. On layer 0 every node but the first is tied to a parent by links that are never
/// given up, so every vector can be reached, however many lie in one place. And vectors in the same place do not fill
/// each other's lists, so that a heap of duplicates keeps its links to the world.
///
/// ```swift
/// let index = try HNSWIndex(vectors: keys)
/// for neighbour in try index.search(query, neighbours: 8) { print(neighbour.row, neighbour.similarity) }
/// ```
///
/// The same vectors, options and instruction set give the same index, bit for bit. It may be searched from several
/// threads at once.
public struct HNSWIndex: Sendable {
  /// Links of a node on each upper layer; 2·m on layer 0.
  public let m: Int
  /// Candidates from which the links of a new node were chosen.
  public let efConstruction: Int
  /// Seed of the nodes' layers.
  public let seed: UInt64
  /// Candidates of a search; at least the number of neighbours asked for is used.
  public var efSearch = 64

  let vectors: Matrix
  let links: LinkTable
  let scratches = ScratchPool()

  /// M
  public var count: Int { vectors.rows }
  /// D
  public var width: Int { vectors.columns }

  /// Builds an index, on the calling thread.
  ///
  /// - `vectors`: [M, D], rows of length 1.
  /// - `m`: 2 … 1024.
  /// - `efConstruction`: at least 1.
  /// - Throws: `ContractError` for vectors that are not finite, and options outside their range.
  public init(vectors: Matrix, m: Int = 16, efConstruction: Int = 200, seed: UInt64 = 42) throws {
    guard 2...1024 ~= m, efConstruction >= 1 else {
      throw ContractError("m is \(m), efConstruction \(efConstruction); they must be 2 … 1024 and at least 1")
    }
    try Self.check(vectors)
    var builder = GraphBuilder(vectors, m: m, efConstruction: efConstruction, key: RandomKey(seed).child("levels"))
    for node in 0..<vectors.rows { builder.insert(node) }
    self.init(vectors: vectors, links: builder.links, efConstruction: efConstruction, seed: seed)
  }

  init(vectors: Matrix, links: LinkTable, efConstruction: Int, seed: UInt64) {
    (self.vectors, self.links) = (vectors, links)
    (m, self.efConstruction, self.seed) = (links.m, efConstruction, seed)
  }

  static func check(_ vectors: Matrix) throws {
    guard vectors.rows <= Int(Int32.max) else {
      throw ContractError("\(vectors.rows) vectors are more than an index can number; \(Int32.max) are the most")
    }
    try checkFinite(vectors, "vector")
  }

  static func checkFinite(_ vectors: Matrix, _ role: String) throws {
    guard let row = vectors.squaredLengths().firstIndex(where: { !$0.isFinite }) else { return }
    throw ContractError("\(role) \(row) is not finite")
  }
}
