import DistillCore
import Foundation

/// An exact index, which compares a query with all stored vectors.
///
/// A matrix product selects the keys that may be among the best, and a separate dot product with each of these decides. The
/// rounding of a matrix product depends on the rest of the batch, whereas that of the dot product depends on its two vectors
/// alone. Equal keys therefore have equal similarities, in every batch.
public struct ExactIndex: Retriever {
  private let keys: Matrix
  /// The length of the longest key.
  private let longest: Float

  public var count: Int { keys.rows }
  public var width: Int { keys.columns }

  /// Creates an index of the given keys.
  ///
  /// - Parameter keys: [M, D], rows of length 1.
  /// - Throws: `ContractError` if a key is not finite.
  public init(_ keys: Matrix) throws {
    let squares = keys.squaredNorms()
    if let row = squares.firstIndex(where: { !$0.isFinite }) {
      throw ContractError("key \(row) is not finite; keys are vectors of length 1")
    }
    self.keys = keys
    longest = (squares.max() ?? 0).squareRoot()
  }

  public func search(_ queries: Matrix, neighbours k: Int, among mayBeFound: [Bool]?) throws -> [[Neighbour]] {
    try check(queries, neighbours: k, among: mayBeFound)
    let allQueries = queries.tensor
    var best = queries.squaredNorms().map { square in
      // The error of either product of vectors of D numbers is at most D·2⁻²⁴·Σ|xᵢyᵢ| ≤ D·2⁻²⁴·‖x‖·‖y‖ (Higham 2002, 3.1).
      Best(k, error: Float(width) * .ulpOfOne * square.squareRoot() * longest)
    }
    // Keys are processed in blocks, so that a block stays in the cache while it is multiplied with all queries, and so that the
    // scores of all keys are never in memory together.
    let blockRows = max(256, min(8192, (1 << 22) / max(queries.rows, 1)))
    for start in stride(from: 0, to: count, by: blockRows) {
      let rows = start..<min(start + blockRows, count)
      let block = Tensor(Array(keys.values[rows.lowerBound * width..<rows.upperBound * width]), [rows.count, width])
      let scores = matmul(allQueries, block, transposeB: true).values
      for query in best.indices {
        let vector = queries.values.span.extracting(query * width..<(query + 1) * width)
        for (i, row) in rows.enumerated()
        where scores[query * rows.count + i] >= best[query].floor && mayBeFound?[row] ?? true {
          let key = keys.values.span.extracting(row * width..<(row + 1) * width)
          best[query].insert(Neighbour(row: row, similarity: dotProduct(vector, key)))
        }
      }
    }
    return best.map { $0.sorted }
  }

  /// Writes nothing, because the caller stores the keys itself.
  public func write(to folder: URL) throws {}
}

/// The K best of the rows that were compared so far.
private struct Best {
  private let k: Int
  /// The largest error of both products together.
  private let error: Float
  /// The score in the matrix product below which a row cannot be among the K best.
  private(set) var floor = -Float.infinity
  private var found: [Neighbour] = []

  init(_ k: Int, error: Float) { (self.k, self.error) = (k, error) }

  /// Adds a row. The rows are sorted only when at least twice as many as needed have accumulated, because sorting is expensive.
  mutating func insert(_ neighbour: Neighbour) {
    found.append(neighbour)
    guard found.count / 2 >= max(k, 32) else { return }
    found = sorted
    floor = found[k - 1].similarity - error
  }

  /// The K best, in descending order of similarity. Among equals, the lower row comes first.
  var sorted: [Neighbour] {
    let order = found.sorted { ($0.similarity, $1.row) > ($1.similarity, $0.row) }
    return Array(order.prefix(k))
  }
}
