import Foundation

/// A stored vector that was found.
public struct Neighbour: Sendable, Equatable {
  /// Its row among the keys.
  public let row: Int
  /// Inner product with the query; the cosine, since both have length 1.
  public let similarity: Float

  public init(row: Int, similarity: Float) { (self.row, self.similarity) = (row, similarity) }
}

/// Finds stored vectors by largest inner product.
public protocol Retriever: Sendable {
  /// M
  var count: Int { get }
  /// D
  var width: Int { get }

  /// For each row of `queries` [B, D] its K nearest, best first, the lower row first among equals; all M where K > M.
  /// - Throws: ``ContractError`` for queries of another width, non-finite ones, or K < 1.
  func search(_ queries: Matrix, neighbours k: Int) throws -> [[Neighbour]]

  /// Writes what its recipe needs beside the keys to load it again.
  func write(to folder: URL) throws
}

/// Options from which a retriever is made.
public protocol RetrieverRecipe: Plugin, Sendable {
  /// An index over `keys` [M, D], rows of length 1.
  /// - Throws: ``ContractError`` for keys that are not finite.
  func makeRetriever(_ keys: Matrix) throws -> any Retriever
  /// An index that was written before over the same keys.
  /// - Throws: `FormatError` when the files do not hold an index over these keys.
  func loadRetriever(from folder: URL, keys: Matrix) throws -> any Retriever
}
