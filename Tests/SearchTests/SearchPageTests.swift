import DistillCore
import DistillExactSearch
import DistillHNSW
import Foundation
import TestSupport
import Testing

/// What Docs/Search.md shows, run.
struct SearchPageTests {
  @Test func mutable() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "vectors.hnsw")
    let vectors = TestVectors.matrix(0..<3, width: 384)
    let query = Array(vectors.row(1))

    let index = try MutableHNSWIndex(width: 384)
    try index.insert(vectors, ids: [17, 4, 99])
    let matches = try index.search(query, neighbours: 2)
    try index.remove([17])
    try index.snapshot.write(to: file)

    let again = MutableHNSWIndex(try HNSWSnapshot(from: file))
    let odd = try again.search(query, neighbours: 2) { id in id % 2 == 1 }

    let paged = try PagedHNSWIndex(file)
    let nearest = try paged.search(query, neighbours: 2)

    #expect(nearest.map(\.id) == [4, 99])
    #expect(matches[0].id == 4 && odd.map(\.id) == [99])
  }

  @Test func immutable() throws {
    let vectors = TestVectors.matrix(0..<2_000, width: 32)
    let queries = TestVectors.matrix(2_000..<2_100, width: 32)

    var index = try HNSWIndex(vectors: vectors)
    let truth = try ExactIndex(vectors).search(queries, neighbours: 10)
    for candidates in [16, 32, 64, 128] {
      index.efSearch = candidates
      let found = try index.search(queries, neighbours: 10)
      let hits = zip(found, truth).reduce(0) { $0 + Set($1.0.map(\.row)).intersection($1.1.map(\.row)).count }
      print(candidates, Double(hits) / Double(10 * queries.rows))
    }

    #expect(try index.search(queries, neighbours: 10).count == 100)
  }
}
