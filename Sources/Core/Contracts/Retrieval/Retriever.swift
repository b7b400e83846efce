import Foundation

/// An index over stored vectors (keys) that finds those with the largest inner product with a query.
public protocol Retriever: Sendable {
  /// M, the number of keys.
  var count: Int { get }
  /// D, the number of elements of a key.
  var width: Int { get }

  /// Returns the K nearest keys of each query, best first. Keys of equal similarity are ordered by row, the lowest first.
  ///
  /// - Parameters:
  ///   - queries: The queries as rows of a matrix [B, D].
  ///   - k: K, at least 1. If it is larger than M, all M keys are returned.
  /// - Throws: ``ContractError`` if the queries have another width, a query is not finite, or K < 1.
  func search(_ queries: Matrix, neighbours k: Int) throws -> [[Neighbour]]

  /// Writes what the recipe needs, besides the keys, to load the index again. The knowledge base stores the keys itself.
  func write(to folder: URL) throws
}
