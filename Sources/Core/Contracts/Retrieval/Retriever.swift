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
  ///   - k: K, at least 1. If it is larger than the number of keys that may be found, all of these are returned.
  ///   - mayBeFound: For each of the M keys, whether it may be found, or `nil` if all may.
  /// - Throws: ``ContractError`` if the queries have another width, a query is not finite, K < 1, or `mayBeFound` has another
  ///   number of elements than there are keys.
  func search(_ queries: Matrix, neighbours k: Int, among mayBeFound: [Bool]?) throws -> [[Neighbour]]

  /// How it searches, in a few words, for a report, such as "every key is compared". Default: `nil`.
  var summary: String? { get }

  /// Writes what the recipe needs, besides the keys, to load the index again. The knowledge base stores the keys itself.
  func write(to folder: URL) throws
}

extension Retriever {
  public var summary: String? { nil }

  /// Returns the K nearest of all keys of each query; see ``search(_:neighbours:among:)``.
  public func search(_ queries: Matrix, neighbours k: Int) throws -> [[Neighbour]] {
    try search(queries, neighbours: k, among: nil)
  }

  /// Checks the arguments of ``search(_:neighbours:among:)``.
  ///
  /// - Throws: ``ContractError``, as it has to.
  public func check(_ queries: Matrix, neighbours k: Int, among mayBeFound: [Bool]?) throws {
    guard k >= 1 else { throw ContractError("\(k) neighbours were asked for; ask for at least 1") }
    guard queries.columns == width else {
      throw ContractError("queries of width \(queries.columns) for keys of width \(width)")
    }
    guard mayBeFound.map({ $0.count == count }) ?? true else {
      throw ContractError("it is said of \(mayBeFound?.count ?? 0) keys whether they may be found; there are \(count)")
    }
    if let row = queries.squaredNorms().firstIndex(where: { !$0.isFinite }) {
      throw ContractError("query \(row) is not finite")
    }
  }
}
