import DistillCore
import Foundation

/// Options of an ``HNSWIndex``.
public struct HNSW: RetrieverRecipe {
  public static let name = "hnsw"
  public static let summary = "A graph of near neighbours in layers: approximate, and fast for large knowledge bases."
  public static let reference = PluginReference(
    source: "Malkov and Yashunin 2018, arXiv 1603.09320")

  public var m: Int
  public var efConstruction: Int
  public var efSearch: Int
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

  /// The index as it was built; of these options only `ef_search` counts.
  public func loadRetriever(from folder: URL, keys: Matrix) throws -> any Retriever {
    var index = try HNSWIndex(from: folder, vectors: keys)
    index.efSearch = efSearch
    return index
  }
}
