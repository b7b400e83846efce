import DistillCore
import Foundation

/// Compares every query with every key: nothing to build, nothing to write, and what other retrievers are measured by.
public struct ExactSearch: RetrieverRecipe {
  public static let name = "exact"
  public static let summary = "Compares a query with every stored vector: exact, and slow for large knowledge bases."

  public init() {}
  public mutating func options(_ visit: inout OptionVisitor) {}

  public func makeRetriever(_ keys: Matrix) throws -> any Retriever { try ExactIndex(keys) }
  /// Reads nothing: the keys are all there is.
  public func loadRetriever(from folder: URL, keys: Matrix) throws -> any Retriever { try ExactIndex(keys) }
}
