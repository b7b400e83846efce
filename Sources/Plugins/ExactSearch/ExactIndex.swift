import DistillCore
import DistillVectors
import Foundation

/// An exact index, which compares a query with all stored vectors.
///
/// Vectors of bytes select the keys that may be among the best, and a dot product with each of these decides. How much the two may
/// differ is known, so that it is proved of each answer that nothing better was left out; where it cannot be, more keys are selected.
/// The dot product depends on its two vectors alone, so that equal keys have equal similarities, in every batch.
public struct ExactIndex: Retriever {
  private let keys: Matrix
  private let codes: QuantisedVectors
  /// The length of the longest key.
  private let longest: Float

  public var count: Int { keys.rows }
  public var width: Int { keys.columns }

  /// Creates an index of the given keys.
  ///
  /// - Parameters:
  ///   - keys: [M, D]. D is at most 65,536.
  ///   - metric: How the similarity of two vectors is measured.
  /// - Throws: `ContractError` if a key is not finite, or there are too many or too wide ones.
  public init(_ keys: Matrix, metric: VectorMetric = .innerProduct) throws {
    guard keys.columns <= QuantisedVectors.largestWidth, keys.rows <= Int(Int32.max) else {
      throw ContractError("[\(keys.rows), \(keys.columns)] keys are too many or too wide to be searched")
    }
    let squares = keys.squaredNorms()
    if let row = squares.firstIndex(where: { !$0.isFinite }) {
      throw ContractError("key \(row) is not finite")
    }
    (self.keys, codes) = (keys, QuantisedVectors(keys, metric: metric))
    longest = (squares.max() ?? 0).squareRoot()
  }

  public func search(_ queries: Matrix, neighbours k: Int, among mayBeFound: [Bool]?) throws -> [[Neighbour]] {
    try check(queries, neighbours: k, among: mayBeFound)
    let rows = mayBeFound.map { may in may.indices.filter { may[$0] } }
    let available = rows?.count ?? count
    let filter = available < count ? mayBeFound : nil
    // So many keys are selected that the proof mostly succeeds, and more, the fewer of them may be found.
    var depth = (4 * k + 64) * max(count, 1) / max(available, 1)
    var answers = [[Neighbour]?](repeating: nil, count: queries.rows)
    while depth < count / 2, answers.contains(nil) {
      let open = answers.indices.filter { answers[$0] == nil }
      for (query, answer) in zip(open, select(depth, for: open, of: queries, k, among: filter)) {
        answers[query] = answer
      }
      depth *= 4
    }
    let all = (rows ?? Array(0..<count)).map { Int32($0) }
    return answers.enumerated().map { query, answer in answer ?? ranked(all, queries, query, k) }
  }

  /// The number of queries that a thread answers at a time.
  private static let batch = 128

  /// Returns the answers to some of the queries, or `nil` where it is not proved that the selected keys contain the best.
  private func select(_ depth: Int, for open: [Int], of queries: Matrix, _ k: Int, among mayBeFound: [Bool]?)
    -> [[Neighbour]?]
  {
    // A thread has few queries and all keys, or, if the queries are few, some of the keys.
    let shares = open.count > Self.batch ? 1 : max(1, min(Compute.threads, count / 8192))
    let batches = (open.count + Self.batch - 1) / Self.batch
    let codes = codes
    let found = Compute.map(parts: batches * shares) { part in
      let (batch, share) = (part / shares, part % shares)
      let start = { count / 32 * $0 / shares * 32 }
      return codes.nearest(
        depth,
        to: open[batch * Self.batch..<min((batch + 1) * Self.batch, open.count)].map {
          codes.query(of: queries.row($0).span)
        },
        among: start(share)..<(share + 1 == shares ? count : start(share + 1)))
    }
    return Compute.map(parts: open.count) { place in
      var selected = (0..<shares).flatMap { found[place / Self.batch * shares + $0][place % Self.batch] }
      if shares > 1 { selected = Array(selected.sorted(by: >).prefix(depth)) }
      let allowed = selected.map(\.row).filter { mayBeFound?[Int($0)] ?? true }
      let answer = ranked(allowed, queries, open[place], k)
      guard answer.count == k, let last = selected.last, let worst = answer.last else { return nil }
      return last.similarity + largestDifference(queries, open[place]) < score(worst.similarity, queries, open[place])
        ? answer : nil
    }
  }

  /// Returns what the codes approximate for a key of this similarity: the inner product q·x, or q·x − ‖x‖²/2 = (‖q‖² − ‖q − x‖²)/2.
  private func score(_ similarity: Float, _ queries: Matrix, _ query: Int) -> Float {
    let vector = queries.row(query)
    return codes.metric == .euclidean ? (dotProduct(vector.span, vector.span) + similarity) / 2 : similarity
  }

  /// Returns a bound of the difference between the product of a query q with any key x, and that of their codes q̂ and x̂:
  /// |q·x − q̂·x̂| ≤ ‖q − q̂‖·‖x̂‖ + ‖q‖·‖x − x̂‖, and for the Euclidean distance |‖x‖² − ‖x̂‖²|/2 ≤ ‖x − x̂‖·(‖x‖ + ‖x̂‖)/2 more. The
  /// rounding of a product is at most D·2⁻²⁴·‖q‖·‖x‖ (Higham 2002, 3.1).
  private func largestDifference(_ queries: Matrix, _ query: Int) -> Float {
    let vector = queries.row(query)
    let length = dotProduct(vector.span, vector.span).squareRoot()
    let error = codes.largestError
    var bound = codes.query(of: vector.span).error * (longest + error) + length * error
    var sizes = length * longest
    if codes.metric == .euclidean {
      bound += error * (longest + error)
      sizes += longest * longest + length * length
    }
    return 1.001 * bound + Float(width + 8) * .ulpOfOne * sizes
  }

  /// Returns the best K of some keys by their dot products. Among equals, the lower row comes first.
  private func ranked(_ rows: [Int32], _ queries: Matrix, _ query: Int, _ k: Int) -> [Neighbour] {
    var similarities = [Float](repeating: 0, count: rows.count)
    keys.similarities(of: queries.row(query).span, toRows: rows[...], by: codes.metric, into: &similarities)
    return zip(rows, similarities).map { Candidate(row: $0, similarity: $1) }.sorted(by: >).prefix(k).map {
      Neighbour(row: Int($0.row), similarity: $0.similarity)
    }
  }

  public var summary: String? { "every key is compared" }

  /// Writes nothing, because the caller stores the keys itself.
  public func write(to folder: URL) throws {}
}
