import DistillCore
import Foundation

/// An inverted file (Sivic and Zisserman 2003; faiss calls it IVF): keys lie in the cell of the nearest of some centres, and a
/// query looks only into the cells whose centres are nearest to it.
public struct InvertedFile: RetrieverRecipe {
  public static let name = "inverted-file"
  public static let summary = "Keys in cells around centres; a query looks into the nearest cells only."

  public var cells = 32
  public var probes = 8

  public init() {}
  public mutating func options(_ visit: inout OptionVisitor) {
    visit("cells", &cells, in: .between(1, 65_536), "Cells, at most as many as keys.")
    visit("probes", &probes, in: .atLeast(1), "Cells that a query looks into.")
  }

  public func makeRetriever(_ keys: Matrix) throws -> any Retriever { try Index(keys, cells: cells, probes: probes) }

  /// Nothing is written beside the keys: the centres are found again, the same, in less time than reading takes.
  public func loadRetriever(from folder: URL, keys: Matrix) throws -> any Retriever { try makeRetriever(keys) }

  private struct Index: Retriever {
    let keys: Matrix
    let probes: Int
    /// [cells, D], and the keys' rows in each cell.
    let centres: Matrix
    let members: [[Int]]

    init(_ keys: Matrix, cells: Int, probes: Int) throws {
      guard keys.values.allSatisfy(\.isFinite) else { throw ContractError("the keys are not finite") }
      // Keys drawn at random as the first centres, then a few rounds of means (spherical k-means).
      var centres = keys.gathered(Array(RandomKey(1).permutation(keys.rows).prefix(cells)))
      var members: [[Int]] = []
      for _ in 0..<8 where keys.rows > 0 {
        members = Array(repeating: [], count: centres.rows)
        for (row, cell) in nearestCells(of: keys, to: centres, 1).enumerated() { members[cell[0]].append(row) }
        centres = Self.means(keys, members, or: centres)
      }
      (self.keys, self.probes, self.centres, self.members) = (keys, probes, centres, members)
    }

    private static func means(_ keys: Matrix, _ members: [[Int]], or centres: Matrix) -> Matrix {
      let means = members.enumerated().map { cell, rows in
        rows.isEmpty
          ? Tensor(Array(centres.row(cell)), [1, keys.columns])
          : keys.gathered(rows).tensor.mean(axis: 0, keepingAxis: true).l2Normalised()
      }
      return Matrix(concatenatedRows(means))
    }

    var count: Int { keys.rows }
    var width: Int { keys.columns }

    func search(_ queries: Matrix, neighbours k: Int, among mayBeFound: [Bool]?) throws -> [[Neighbour]] {
      try check(queries, neighbours: k, among: mayBeFound)
      guard count > 0 else { return Array(repeating: [], count: queries.rows) }
      return nearestCells(of: queries, to: centres, centres.rows).enumerated().map { row, cells in
        // All cells where the nearest hold fewer than k keys.
        var rows: [Int] = []
        for (place, cell) in cells.enumerated() where place < probes || rows.count < k {
          rows += members[cell].filter { mayBeFound?[$0] ?? true }
        }
        if rows.isEmpty { return [] }
        let query = Matrix(rows: 1, columns: width, values: Array(queries.row(row)))
        let similarities = matmul(query.tensor, keys.gathered(rows).tensor, transposeB: true).values
        let found = zip(rows, similarities).map { Neighbour(row: $0, similarity: $1) }
        return Array(found.sorted { ($1.similarity, $0.row) < ($0.similarity, $1.row) }.prefix(k))
      }
    }

    func write(to folder: URL) throws {}
  }
}

/// For each row, the cells whose centres are nearest, best first.
private func nearestCells(of rows: Matrix, to centres: Matrix, _ count: Int) -> [[Int]] {
  let similarities = Matrix(matmul(rows.tensor, centres.tensor, transposeB: true))
  return (0..<rows.rows).map { row in
    let values = Array(similarities.row(row))
    if count == 1 { return [values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }] }
    return Array(values.indices.sorted { (values[$1], $0) < (values[$0], $1) }.prefix(count))
  }
}
