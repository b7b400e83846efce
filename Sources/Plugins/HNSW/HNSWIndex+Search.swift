import DistillCore
import Foundation
import Synchronization

extension HNSWIndex: Retriever {
  /// Returns the K nearest vectors of each query in `queries` [B, D], in descending order of similarity.
  ///
  /// Among equals, the lower row comes first. The search is approximate: it may miss a vector and return the next one instead. If
  /// K ≥ M, all M vectors are compared and returned. Many queries are divided among `Compute.threads` threads, and the answer to
  /// a query does not depend on the other queries.
  /// - Throws: `ContractError` if the width of the queries is not D, if a query is not finite, or if K < 1.
  public func search(_ queries: Matrix, neighbours k: Int) throws -> [[Neighbour]] {
    guard k >= 1 else { throw ContractError("\(k) neighbours were asked for; ask for at least 1") }
    guard queries.columns == width else {
      throw ContractError("queries of width \(queries.columns) for vectors of width \(width)")
    }
    try Self.checkFinite(queries, "query")

    let parts = max(1, min(Compute.threads, queries.rows / 16))
    if parts == 1 { return answer(0..<queries.rows, of: queries, k) }
    let answers = Mutex(Array(repeating: [[Neighbour]](), count: parts))
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      let answer = answer(queries.rows * part / parts..<queries.rows * (part + 1) / parts, of: queries, k)
      answers.withLock { $0[part] = answer }
    }
    return answers.withLock { $0.flatMap { $0 } }
  }

  /// Returns the K nearest vectors of one query of D numbers; see ``search(_:neighbours:)-(Matrix,_)``.
  public func search(_ query: [Float], neighbours k: Int) throws -> [Neighbour] {
    try search(Matrix(rows: 1, columns: query.count, values: query), neighbours: k)[0]
  }

  private func answer(_ rows: Range<Int>, of queries: Matrix, _ k: Int) -> [[Neighbour]] {
    scratches.with(links) { scratch in
      rows.map { row in
        let query = queries.values.span.extracting(row * width..<(row + 1) * width)
        let found = k >= count ? allRanked(query) : nearest(query, k, &scratch)
        return found.prefix(k).map { Neighbour(row: Int($0.row), similarity: $0.similarity) }
      }
    }
  }

  /// Searches the graph (algorithm 5 of the paper): greedily on the upper layers, then with `efSearch` candidates on layer 0.
  private func nearest(_ query: Span<Float>, _ k: Int, _ search: inout LayerSearch) -> [Candidate] {
    let start = vectors.values.span.extracting(links.entry * width..<(links.entry + 1) * width)
    var nearest = Candidate(row: Int32(links.entry), similarity: dotProduct(query, start))
    for layer in (0...Int(links.levels[links.entry])).reversed() {
      search.run(query, in: vectors, links, on: layer, from: nearest, ef: layer > 0 ? 1 : max(efSearch, k))
      nearest = search.best ?? nearest
    }
    return search.sorted
  }

  /// Compares the query with all vectors.
  private func allRanked(_ query: Span<Float>) -> [Candidate] {
    let rows = Array(0..<Int32(count))
    var similarities = [Float](repeating: 0, count: count)
    vectors.dotProducts(of: query, withRows: rows[...], into: &similarities)
    return zip(rows, similarities).map { Candidate(row: $0, similarity: $1) }.sorted(by: >)
  }
}
