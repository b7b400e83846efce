import DistillCore
import DistillExactSearch
import DistillHNSW
import Foundation
import TestSupport
import Testing

/// Euclidean distances, and inner products of vectors of unequal lengths, beside comparing all by the definition.
struct MetricTests {
  /// Vectors whose lengths are from 0.7 to 1.4. With lengths from a quarter to four, most nearest vectors are the same few short ones, and a
  /// graph finds 84 % (hnswlib 86 % on such data).
  private static func vectors(_ rows: Range<Int>) -> Matrix {
    let unit = TestVectors.matrix(rows, width: 24)
    let key = RandomKey(12)
    return Matrix(
      rows: unit.rows, columns: 24,
      values: unit.values.enumerated().map { place, value in
        value * exp2(Float(key.integer(below: 101, UInt64(rows.lowerBound + place / 24))) / 100 - 0.5)
      })
  }

  private static func similarity(_ a: some Collection<Float>, _ b: some Collection<Float>, _ metric: VectorMetric)
    -> Double
  {
    zip(a, b).reduce(0) { sum, pair in
      let (x, y) = (Double(pair.0), Double(pair.1))
      return metric == .euclidean ? sum - (x - y) * (x - y) : sum + x * y
    }
  }

  @Test(arguments: [VectorMetric.euclidean, .innerProduct])
  func findsTheNearest(_ metric: VectorMetric) throws {
    let (vectors, queries) = (Self.vectors(0..<4_000), Self.vectors(9_000..<9_100))
    let truth = (0..<100).map { query in
      (0..<4_000).map { Self.similarity(queries.row(query), vectors.row($0), metric) }.sorted(by: >).prefix(10)
    }
    let index = try MutableHNSWIndex(width: 24, metric: metric, lengths: .any)
    try index.insert(vectors, ids: Array(0..<4_000))
    index.efSearch = 128
    let exact = try ExactIndex(vectors, metric: metric).search(queries, neighbours: 10)
    let found = try index.search(queries, neighbours: 10)
    var hits = 0
    for query in 0..<100 {
      for (place, neighbour) in exact[query].enumerated() {
        #expect(abs(Double(neighbour.similarity) - truth[query][place]) < 1e-4)
      }
      for match in found[query] {
        let expected = Self.similarity(queries.row(query), vectors.row(match.id), metric)
        #expect(abs(Double(match.similarity) - expected) < 1e-4)
        hits += expected >= truth[query][9] - 1e-6 ? 1 : 0
      }
    }
    #expect(hits >= 970, "\(hits) of 1000")
  }

  @Test func euclideanIndexIsKept() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "index")
    let (vectors, queries) = (Self.vectors(0..<700), Self.vectors(9_000..<9_020))
    let index = try MutableHNSWIndex(width: 24, metric: .euclidean)
    try index.insert(vectors, ids: Array(0..<700))
    try index.insert(Self.vectors(700..<710), ids: Array(700..<710))
    try index.snapshot.write(to: file)
    let answers = try index.search(queries, neighbours: 5)
    let read = try HNSWSnapshot(from: file)
    #expect(read.metric == .euclidean && read.lengths == .any)
    #expect(try read.search(queries, neighbours: 5) == answers)
    #expect(try PagedHNSWIndex(file).search(queries, neighbours: 5) == answers)
    let graph = try HNSWIndex(vectors: vectors, metric: .euclidean)
    try graph.write(to: folder.url)
    let again = try HNSWIndex(from: folder.url, vectors: vectors)
    #expect(again.metric == .euclidean)
    #expect(try again.search(queries, neighbours: 5) == graph.search(queries, neighbours: 5))
  }

  /// A vector is its own nearest, however long the others are, and those at one place are all found.
  @Test func distanceToItselfIsZero() throws {
    var values = Self.vectors(0..<600).values
    for copy in 0..<20 { values.replaceSubrange(copy * 24..<(copy + 1) * 24, with: values[24 * 599..<24 * 600]) }
    let vectors = Matrix(rows: 600, columns: 24, values: values)
    let index = try HNSWIndex(vectors: vectors, metric: .euclidean)
    #expect(index.invariantViolations() == [])
    let found = try index.search(vectors, neighbours: 21)
    #expect(found[599].map(\.row) == Array(0..<20) + [599] && found[599].allSatisfy { $0.similarity == 0 })
    #expect((20..<599).allSatisfy { found[$0][0].row == $0 && found[$0][0].similarity == 0 })
  }
}
