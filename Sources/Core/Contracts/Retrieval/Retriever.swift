import Foundation

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
