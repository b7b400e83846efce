import DistillCore
import DistillExactSearch
import Testing

struct ExactSearchTests {
  /// Against a sort of all similarities, for sets of keys smaller and larger than a block of the search.
  @Test(arguments: [(1, 1), (300, 7), (9_000, 16), (20_000, 3)]) func equalsASort(count: Int, width: Int) throws {
    let keys = TestVectors.matrix(0..<count, width: width)
    let queries = TestVectors.matrix(count..<count + 9, width: width)
    let index = try ExactIndex(keys)
    for k in [1, 10, 200] {
      for (query, answer) in try index.search(queries, neighbours: k).enumerated() {
        let all = (0..<count).map { row in
          Neighbour(row: row, similarity: dotProduct(queries.row(query).span, keys.row(row).span))
        }
        #expect(answer == Array(all.sorted { ($0.similarity, $1.row) > ($1.similarity, $0.row) }.prefix(k)))
      }
    }
  }

  /// Matrix products of other sizes round otherwise; answers must not show it.
  @Test func answersDoNotDependOnTheBatch() throws {
    let index = try ExactIndex(TestVectors.matrix(0..<2_000, width: 50).gathered((0..<2_500).map { $0 % 2_000 }))
    let queries = TestVectors.matrix(2_000..<2_037, width: 50)
    let together = try index.search(queries, neighbours: 12)
    for row in 0..<queries.rows {
      #expect(try index.search(queries.gathered([row]), neighbours: 12) == [together[row]])
    }
    #expect(try Compute.$threads.withValue(1) { try index.search(queries, neighbours: 12) } == together)
  }
}
