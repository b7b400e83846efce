import DistillCore
import DistillVectors

/// The links of a graph: in memory, or in a file, of which any page may turn out to be damaged when it is read.
protocol LinkSource: Sendable {
  associatedtype Failure: Error
  /// The number of nodes.
  var count: Int { get }
  var m: Int { get }
  /// The node at which searches start, and its highest layer.
  var entry: Int { get }
  var top: Int { get }

  /// Calls `body` with the links of a node.
  func withLinks(of node: Int, on level: Int, _ body: (Span<Int32>) -> Void) throws(Failure)

  /// Fetches the links of a node from memory, if they will be followed soon.
  func fetch(_ node: Int, on level: Int)
}

/// The vectors of a graph, as bytes.
protocol CodeSource: Sendable {
  associatedtype Failure: Error

  func query(of vector: Span<Float>) -> QuantisedQuery

  /// Calculates similarities[i] = the similarity of the query and node `rows[i]`, as far as the codes tell it.
  func similarities(of query: QuantisedQuery, toRows rows: ArraySlice<Int32>, into similarities: inout [Float])
    throws(Failure)
}

extension QuantisedVectors: CodeSource {
  typealias Failure = Never
}

/// A graph that can be searched.
protocol NavigableGraph: Sendable {
  associatedtype Links: LinkSource
  associatedtype Codes: CodeSource where Codes.Failure == Links.Failure
  typealias Failure = Links.Failure

  var links: Links { get }
  var codes: Codes { get }
  var width: Int { get }
  var efSearch: Int { get }
  var scratches: ScratchPool { get }

  /// Returns the similarities of a query and some nodes, by the vectors themselves.
  func similarities(of query: Span<Float>, toRows rows: [Int32]) throws(Failure) -> [Float]
}

extension NavigableGraph {
  /// Returns the K nearest nodes of each query; see ``HNSWIndex/search(_:neighbours:among:)``.
  func nearest(_ k: Int, to queries: Matrix, among mayBeFound: [Bool]?) throws -> [[Neighbour]] {
    let few = rowsToCompare(k, among: mayBeFound)
    return try answers(queries.rows) { row, scratch throws(Failure) in
      let query = queries.values.span.extracting(row * width..<(row + 1) * width)
      if let few { return try ranked(few, by: query).prefix(k) }
      return try nearest(query, k, among: mayBeFound, &scratch).prefix(k)
    }
  }

  /// Answers each of many queries, on several threads.
  func answers(
    _ count: Int, _ answer: @Sendable (Int, inout LayerSearch) throws(Failure) -> ArraySlice<Candidate>
  ) throws(Failure) -> [[Neighbour]] {
    let parts = max(1, min(Compute.threads, count / 16))
    let answered = Compute.map(parts: parts) { part in
      scratches.with(links) { scratch -> Result<[[Neighbour]], Failure> in
        var found: [[Neighbour]] = []
        do throws(Failure) {
          for query in count * part / parts..<count * (part + 1) / parts {
            found.append(try answer(query, &scratch).map { Neighbour(row: Int($0.row), similarity: $0.similarity) })
          }
        } catch { return .failure(error) }
        return .success(found)
      }
    }
    var all: [[Neighbour]] = []
    for part in answered { all += try part.get() }
    return all
  }

  /// Returns the vectors that are to be compared one by one, or `nil` if the graph is to be searched.
  ///
  /// A search of the graph meets about m new vectors for each of its candidates, of which it needs more, the fewer may be found:
  /// if n of M may, it compares about m · efSearch · M/n vectors. With m · efSearch · M > n², comparing all n is less work.
  private func rowsToCompare(_ k: Int, among mayBeFound: [Bool]?) -> [Int32]? {
    let count = links.count
    guard let mayBeFound else { return k >= count ? Array(0..<Int32(count)) : nil }
    let allowed = mayBeFound.reduce(0) { $0 + ($1 ? 1 : 0) }
    guard k >= allowed || (allowed < count && allowed * allowed < links.m * efSearch * count) else { return nil }
    return mayBeFound.indices.filter { mayBeFound[$0] }.map { Int32($0) }
  }

  /// Searches the graph (algorithm 5 of the paper): greedily on the upper layers, then with `efSearch` candidates on layer 0. The best
  /// of these by their codes are then compared with the query by the vectors themselves.
  func nearest(
    _ query: Span<Float>, _ k: Int, among mayBeFound: [Bool]?, without left: Int32? = nil, _ search: inout LayerSearch
  ) throws(Failure) -> [Candidate] {
    let code = codes.query(of: query)
    var start: [Float] = [0]
    try codes.similarities(of: code, toRows: [Int32(links.entry)], into: &start)
    var nearest = Candidate(row: Int32(links.entry), similarity: start[0])
    for layer in (0...links.top).reversed() {
      try search.run(
        code, in: codes, links, on: layer, from: nearest, ef: layer > 0 ? 1 : max(efSearch, k),
        among: layer > 0 ? nil : mayBeFound, without: left)
      nearest = search.results.first ?? nearest
    }
    let found = search.results.lazy.map(\.row).filter { mayBeFound?[Int($0)] ?? true }
    return try ranked(Array(found.prefix(2 * k + Self.reserve)), by: query)
  }

  /// The codes tell similarities of vectors of length 1 with an error of about 0.001, which is why more than K vectors are compared
  /// once more.
  private static var reserve: Int { 16 }

  /// Compares the query with vectors one by one.
  private func ranked(_ rows: [Int32], by query: Span<Float>) throws(Failure) -> [Candidate] {
    zip(rows, try similarities(of: query, toRows: rows)).map { Candidate(row: $0, similarity: $1) }.sorted(by: >)
  }
}
