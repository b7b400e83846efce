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
    let few = rowsToCompare(k, among: mayBeFound)
    return answers(queries.rows) { row, scratch in
      let query = queries.values.span.extracting(row * width..<(row + 1) * width)
      return (few.map { ranked($0, by: query) } ?? nearest(query, k, among: mayBeFound, &scratch)).prefix(k)
    }
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

  /// Answers each of many queries, on several threads.
  private func answers(
    _ count: Int, _ answer: @Sendable (Int, inout LayerSearch) -> ArraySlice<Candidate>
  ) -> [[Neighbour]] {
    let parts = max(1, min(Compute.threads, count / 16))
    return Compute.map(parts: parts) { part in
      scratches.with(links) { scratch in
        (count * part / parts..<count * (part + 1) / parts).map { query in
          answer(query, &scratch).map { Neighbour(row: Int($0.row), similarity: $0.similarity) }
        }
      }
    }.flatMap { $0 }
  }

  /// Returns the vectors that are to be compared one by one, or `nil` if the graph is to be searched.
  ///
  /// A search of the graph meets about m new vectors for each of its candidates, of which it needs more, the fewer may be found:
  /// if n of M may, it compares about m · efSearch · M/n vectors. With m · efSearch · M > n², comparing all n is less work.
  private func rowsToCompare(_ k: Int, among mayBeFound: [Bool]?) -> [Int32]? {
    guard let mayBeFound else { return k >= count ? Array(0..<Int32(count)) : nil }
    let allowed = mayBeFound.reduce(0) { $0 + ($1 ? 1 : 0) }
    guard k >= allowed || (allowed < count && allowed * allowed < m * efSearch * count) else { return nil }
    return mayBeFound.indices.filter { mayBeFound[$0] }.map { Int32($0) }
  }

  /// Searches the graph (algorithm 5 of the paper): greedily on the upper layers, then with `efSearch` candidates on layer 0. The best
  /// of these by their codes are then compared with the query by the vectors themselves.
  private func nearest(
    _ query: Span<Float>, _ k: Int, among mayBeFound: [Bool]?, without left: Int32? = nil, _ search: inout LayerSearch
  ) -> [Candidate] {
    let code = codes.query(of: query)
    var start: [Float] = [0]
    codes.similarities(of: code, toRows: [Int32(links.entry)], into: &start)
    var nearest = Candidate(row: Int32(links.entry), similarity: start[0])
    for layer in (0...Int(links.levels[links.entry])).reversed() {
      search.run(
        code, in: codes, links, on: layer, from: nearest, ef: layer > 0 ? 1 : max(efSearch, k),
        among: layer > 0 ? nil : mayBeFound, without: left)
      nearest = search.results.first ?? nearest
    }
    let found = search.results.lazy.map(\.row).filter { mayBeFound?[Int($0)] ?? true }
    return ranked(Array(found.prefix(2 * k + Self.reserve)), by: query)
  }

  /// The codes tell similarities of vectors of length 1 with an error of about 0.001, which is why more than K vectors are compared
  /// once more.
  private static let reserve = 16

  /// Compares the query with vectors one by one.
  private func ranked(_ rows: [Int32], by query: Span<Float>) -> [Candidate] {
    var similarities = [Float](repeating: 0, count: rows.count)
    vectors.dotProducts(of: query, withRows: rows[...], into: &similarities)
    return zip(rows, similarities).map { Candidate(row: $0, similarity: $1) }.sorted(by: >)
  }
}
