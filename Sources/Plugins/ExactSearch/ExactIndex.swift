import DistillCore
import Foundation

/// Stored vectors that are searched by comparing all of them.
///
/// A matrix product finds out which keys may be among the best, a dot product for each of those decides. A similarity
/// so depends on its two vectors alone, not on what else is in the batch, and equal keys have equal similarities.
public struct ExactIndex: Retriever {
  private let keys: Matrix
  /// Length of the longest key.
  private let longest: Float

  public var count: Int { keys.rows }
  public var width: Int { keys.columns }

  /// - Parameter keys: [M, D], rows of length 1.
  /// - Throws: `ContractError` for keys that are not finite.
  public init(_ keys: Matrix) throws {
    let squares = keys.squaredLengths()
    if let row = squares.firstIndex(where: { !$0.isFinite }) {
      throw ContractError("key \(row) is not finite; keys are vectors of length 1")
    }
    self.keys = keys
    longest = (squares.max() ?? 0).squareRoot()
  }

  public func search(_ queries: Matrix, neighbours k: Int) throws -> [[Neighbour]] {
    guard k >= 1 else { throw ContractError("\(k) neighbours were asked for; ask for at least 1") }
    guard queries.columns == width else {
      throw ContractError("queries of width \(queries.columns) for keys of width \(width)")
    }
    let squares = queries.squaredLengths()
    if let row = squares.firstIndex(where: { !$0.isFinite }) { throw ContractError("query \(row) is not finite") }

    let allQueries = queries.tensor
    var best = squares.map { square in
      // Either product of vectors of D numbers is off by at most D·2⁻²⁴·Σ|xᵢyᵢ| ≤ D·2⁻²⁴·‖x‖·‖y‖ (Higham 2002, 3.1).
      Best(k, error: Float(width) * .ulpOfOne * square.squareRoot() * longest)
    }
    // A block of keys stays in the cache while all queries meet it; scores of all blocks are never held together.
    let blockRows = max(256, min(8192, (1 << 22) / max(queries.rows, 1)))
    for start in stride(from: 0, to: count, by: blockRows) {
      let rows = start..<min(start + blockRows, count)
      let block = Tensor(Array(keys.values[rows.lowerBound * width..<rows.upperBound * width]), [rows.count, width])
      let scores = matmul(allQueries, block, transposeB: true).values
      for query in best.indices {
        let vector = queries.values.span.extracting(query * width..<(query + 1) * width)
        for (i, row) in rows.enumerated() where scores[query * rows.count + i] >= best[query].floor {
          let key = keys.values.span.extracting(row * width..<(row + 1) * width)
          best[query].insert(Neighbour(row: row, similarity: dotProduct(vector, key)))
        }
      }
    }
    return best.map { $0.sorted }
  }

  /// Nothing: the keys are kept by who asks.
  public func write(to folder: URL) throws {}
}

/// The best of the rows seen so far.
private struct Best {
  private let k: Int
  private let error: Float
  /// A row that scores less in the matrix product is not among the best.
  private(set) var floor = -Float.infinity
  private var found: [Neighbour] = []

  init(_ k: Int, error: Float) { (self.k, self.error) = (k, error) }

  mutating func insert(_ neighbour: Neighbour) {
    found.append(neighbour)
    guard found.count / 2 >= max(k, 32) else { return }
    found = sorted
    floor = found[k - 1].similarity - error
  }

  /// The K best, the lower row first among equals.
  var sorted: [Neighbour] {
    let order = found.sorted { ($0.similarity, $1.row) > ($1.similarity, $0.row) }
    return Array(order.prefix(k))
  }
}
