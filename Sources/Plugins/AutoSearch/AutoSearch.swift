import DistillCore
import DistillExactSearch
import DistillHNSW
import Foundation

/// A retriever that compares every key if they are few, and else searches a graph with as many candidates as a wanted recall takes.
///
/// What it chooses depends on the keys alone, so that the same keys are searched in the same way on every machine.
public struct AutoSearch: RetrieverRecipe {
  public static let name = "auto"
  public static let summary =
    "Compares every stored vector if they are few, and else searches a graph that finds a wanted share of the nearest."
  public static let reference = PluginReference(source: "Malkov and Yashunin 2018, arXiv 1603.09320")

  /// The share of the ten nearest keys that a search has to find, in (0, 1]. With 1 every key is compared.
  public var recall: Float

  public init() { self.init(recall: 0.98) }

  public init(recall: Float = 0.98) { self.recall = recall }

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("recall", &recall, in: .unit, "The share of the ten nearest embeddings that a search has to find.")
  }

  /// The size of the keys, in numbers, up to which every key is compared: one query takes about a millisecond then.
  static let largestToCompare = 1 << 23
  /// The numbers of candidates to choose from.
  static let candidates = [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024]
  /// The keys whose neighbours are looked for to measure the recall, and the number of their neighbours.
  static let (sample, neighbours) = (500, 10)

  public func makeRetriever(_ keys: Matrix) throws -> any Retriever {
    guard keys.rows * keys.columns > Self.largestToCompare, recall < 1 else { return try ExactIndex(keys) }
    return try chosen(HNSWIndex(vectors: keys), keys)
  }

  public func extend(_ retriever: any Retriever, to keys: Matrix) throws -> any Retriever {
    guard recall < 1, let index = retriever as? HNSWIndex else { return try makeRetriever(keys) }
    return try chosen(index.extended(to: keys), keys)
  }

  public func loadRetriever(from folder: URL, keys: Matrix) throws -> any Retriever {
    HNSWIndex.exists(in: folder) ? try HNSWIndex(from: folder, vectors: keys) : try ExactIndex(keys)
  }

  /// Returns the graph with the fewest candidates that reach the recall, or exact search if even many do not.
  ///
  /// The recall is that of keys drawn at random, which are searched for as if they were not in the graph.
  private func chosen(_ graph: HNSWIndex, _ keys: Matrix) throws -> any Retriever {
    var graph = graph
    let exact = try ExactIndex(keys)
    let rows = RandomKey(graph.seed).child("recall").permutation(keys.rows).prefix(Self.sample).sorted()
    let truth = try exact.search(keys.gathered(rows), neighbours: Self.neighbours + 1)
    for count in Self.candidates {
      graph.efSearch = count
      let found = try graph.nearestOthers(of: rows, neighbours: Self.neighbours)
      let hits = zip(zip(rows, truth), found).reduce(0) { sum, next in
        // Among keys at one place any of them is as near as another.
        let others = next.0.1.filter { $0.row != next.0.0 }.prefix(Self.neighbours)
        return sum + next.1.count { $0.similarity >= others[others.count - 1].similarity }
      }
      let share = Double(hits) / Double(Self.neighbours * rows.count)
      if share >= Double(recall) {
        graph.measuredRecall = share
        return graph
      }
    }
    return exact
  }
}
