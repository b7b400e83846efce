import DistillCore
import Foundation

/// A retriever that builds and loads an ``HNSWIndex``, with the options of the index.
public struct HNSW: RetrieverRecipe {
  public static let name = "hnsw"
  public static let summary = "A graph of near neighbours in layers: approximate, and fast for large knowledge bases."
  public static let reference = PluginReference(
    source: "Malkov and Yashunin 2018, arXiv 1603.09320")

  /// The largest number of links of a vector on each layer. On the lowest layer it is twice as large.
  public var m: Int
  /// The number of candidates for the links of a new vector.
  public var efConstruction: Int
  /// The number of candidates in a search. A larger number finds more of the nearest vectors and takes longer.
  public var efSearch: Int
  /// The seed of the layers that vectors are assigned to.
  public var seed: UInt64

  public init() { self.init(m: 16) }

  public init(m: Int = 16, efConstruction: Int = 200, efSearch: Int = 64, seed: UInt64 = 42) {
    (self.m, self.efConstruction, self.efSearch, self.seed) = (m, efConstruction, efSearch, seed)
  }

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("m", &m, in: .between(2, 1024), "Links of a vector on each layer; twice as many on the lowest.")
    visit("ef_construction", &efConstruction, in: .atLeast(1), "Candidates for the links of a new vector.")
    visit("ef_search", &efSearch, in: .atLeast(1), "Candidates for the answer; more find more, and take longer.")
    visit("seed", &seed, "Seed of the layers that vectors are drawn into.")
  }

  public func makeRetriever(_ keys: Matrix) throws -> any Retriever {
    var index = try HNSWIndex(vectors: keys, m: m, efConstruction: efConstruction, seed: seed)
    index.efSearch = efSearch
    return index
  }

  public func extend(_ retriever: any Retriever, to keys: Matrix) throws -> any Retriever {
    guard let index = retriever as? HNSWIndex, (index.m, index.efConstruction, index.seed) == (m, efConstruction, seed)
    else { return try makeRetriever(keys) }
    return try index.extended(to: keys)
  }

  /// Loads an index. Of the options only `ef_search` has an effect, because the others apply when the index is built.
  public func loadRetriever(from folder: URL, keys: Matrix) throws -> any Retriever {
    var index = try HNSWIndex(from: folder, vectors: keys)
    index.efSearch = efSearch
    return index
  }
}
