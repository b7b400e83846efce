import DistillCore
import DistillVectors
import Foundation

extension HNSWIndex: Retriever {
  /// Returns the K nearest vectors of each query in `queries` [B, D], in descending order of similarity.
  ///
  /// Among equals, the lower row comes first. The search is approximate: it may miss a vector and return the next one instead. If
  /// K is not less than the number of vectors that may be found, or these are few, they are compared one by one. Many queries are
  /// divided among `Compute.threads` threads, and the answer to a query does not depend on the other queries.
  ///
  /// - Parameters:
  ///   - queries: The queries.
  ///   - k: K.
  ///   - mayBeFound: For each vector, whether it may be found, or `nil` if all may. The search walks across the others.
  /// - Throws: `ContractError` if the width of the queries is not D, if a query is not finite, if K < 1, or if `mayBeFound` has not
  ///   M elements.
  public func search(_ queries: Matrix, neighbours k: Int, among mayBeFound: [Bool]?) throws -> [[Neighbour]] {
    try check(queries, neighbours: k, among: mayBeFound)
    return try nearest(k, to: queries, among: mayBeFound)
  }

  /// Returns the K nearest vectors of one query of D numbers; see ``search(_:neighbours:among:)``.
  public func search(_ query: [Float], neighbours k: Int) throws -> [Neighbour] {
    try search(Matrix(rows: 1, columns: query.count, values: query), neighbours: k)[0]
  }

  public var summary: String? {
    let recall = measuredRecall.map { share in
      "; they find \(String(format: "%.3f", share)) of the ten nearest of keys that are left out"
    }
    return "a graph is searched with \(efSearch) candidates\(recall ?? "")"
  }

  /// Returns the K nearest other vectors of some vectors of the index. They are found as if the vector itself were not in it, so that
  /// this tells how well the index answers queries of the same kind.
  ///
  /// - Parameters:
  ///   - rows: The rows of the vectors.
  ///   - k: K, at least 1.
  /// - Throws: `ContractError` if there is no such row or K < 1.
  public func nearestOthers(of rows: [Int], neighbours k: Int) throws -> [[Neighbour]] {
    guard k >= 1, rows.allSatisfy({ 0..<count ~= $0 }) else {
      throw ContractError("\(k) neighbours of rows \(rows.min() ?? 0) to \(rows.max() ?? 0) of \(count)")
    }
    return answers(rows.count) { place, scratch in
      let row = rows[place]
      let query = vectors.values.span.extracting(row * width..<(row + 1) * width)
      return nearest(query, k, among: nil, without: Int32(row), &scratch).filter { $0.row != row }.prefix(k)
    }
  }
}

extension HNSWIndex: NavigableGraph {
  func similarities(of query: Span<Float>, toRows rows: [Int32]) -> [Float] {
    var similarities = [Float](repeating: 0, count: rows.count)
    vectors.similarities(of: query, toRows: rows[...], by: metric, into: &similarities)
    return similarities
  }
}
