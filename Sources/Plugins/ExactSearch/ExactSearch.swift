import DistillCore
import Foundation

/// A retriever that compares every query with every key.
///
/// It has nothing to build and nothing to write. The recall of approximate retrievers is measured against it.
public struct ExactSearch: RetrieverRecipe {
  public static let name = "exact"
  public static let summary = "Compares a query with every stored vector: exact, and slow for large knowledge bases."

  public init() {}
  public mutating func options(_ visit: inout OptionVisitor) {}

  public func makeRetriever(_ keys: Matrix) throws -> any Retriever { try ExactIndex(keys) }
  /// Creates an index without reading anything, because the index consists of the keys alone.
  public func loadRetriever(from folder: URL, keys: Matrix) throws -> any Retriever { try ExactIndex(keys) }
}
