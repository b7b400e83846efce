import DistillCore
import DistillVectors
import Testing

struct QuantisedVectorsTests {
  private let keys = TestVectors.matrix(0..<700, width: 50)
  private let queries = TestVectors.matrix(700..<740, width: 50)

  /// The error of each number is at most half a step, which is 1/127 of the largest number.
  @Test func similaritiesAreThoseOfTheVectorsWithinHalfAStep() {
    let vectors = QuantisedVectors(keys)
    let rows = (0..<700).map { Int32($0) }
    for query in 0..<queries.rows {
      var found = [Float](repeating: 0, count: 700)
      vectors.similarities(of: vectors.query(of: queries.row(query).span), toRows: rows[...], into: &found)
      let y = queries.row(query)
      for row in 0..<700 {
        let x = keys.row(row)
        let half = (x.map(abs).max()!, y.map(abs).max()!)
        let bound = zip(x, y).reduce(Float(0)) { sum, pair in
          sum + abs(pair.0) * half.1 / 254 + abs(pair.1) * half.0 / 254 + half.0 * half.1 / 254 / 254
        }
        #expect(abs(found[row] - dotProduct(x.span, y.span)) <= bound)
      }
    }
  }

  /// Lists of the batch, against the similarities one by one, which have the same bits: all rows or some, one query or more than a panel.
  @Test func nearestEqualsASort() {
    let vectors = QuantisedVectors(keys)
    for rows in [0..<700, 32..<700, 64..<65] {
      for (k, count) in [(1, 1), (10, 33), (700, 40)] {
        let batch = (0..<count).map { vectors.query(of: queries.row($0).span) }
        for (query, found) in zip(batch, vectors.nearest(k, to: batch, among: rows)) {
          #expect(found == sorted(vectors, query, rows, k))
        }
      }
    }
    for (place, found) in zip(90..<190, vectors.nearest(7, toRows: 90..<190)) {
      var own = vectors.emptyQuery()
      vectors.load(place, into: &own)
      #expect(found == sorted(vectors, own, 0..<700, 7))
      #expect(found[0].row == place)
    }
    #expect(vectors.nearest(3, to: []).isEmpty)
  }

  /// Of many rows a sample decides which need not be looked at more closely. Here every sixteenth group of 32 rows is alike to no other
  /// and its rows are among the best, so that the sample expects too much of the rest and has to be taken back.
  @Test(arguments: [false, true]) func nearestOfManyEqualsASort(isMisleading: Bool) {
    let rows = (0..<40_000).map { isMisleading && $0 / 32 % 16 == 0 && $0 < 2_000 ? 40_000 : $0 }
    let vectors = QuantisedVectors(TestVectors.matrix(0..<40_001, width: 8).gathered(rows))
    let batch = (39_990..<40_001).map { vectors.query(of: TestVectors.matrix($0..<$0 + 1, width: 8).row(0).span) }
    for (query, found) in zip(batch, vectors.nearest(200, to: batch)) {
      #expect(found == sorted(vectors, query, 0..<40_000, 200))
    }
  }

  @Test func nearestOfOthersEqualsQueries() {
    let (vectors, others) = (QuantisedVectors(keys), QuantisedVectors(queries))
    for (place, found) in zip(3..<40, vectors.nearest(5, toRows: 3..<40, of: others)) {
      #expect(found == vectors.nearest(5, to: [vectors.query(of: queries.row(place).span)])[0])
    }
  }

  @Test func gathersRows() {
    let rows: [Int32] = [5, 600, 5, 0]
    let (some, same) = (QuantisedVectors(keys).gathered(rows), QuantisedVectors(keys.gathered(rows.map(Int.init))))
    let query = some.query(of: queries.row(0).span)
    #expect(some.nearest(4, to: [query]) == same.nearest(4, to: [query]))
  }

  /// What is next to nothing, or nothing, has no direction.
  @Test(arguments: [0, 1e-38, -1e-31] as [Float]) func tinyVectors(_ size: Float) {
    let vectors = QuantisedVectors(Matrix(rows: 2, columns: 3, values: [size, size, 0, 1, 0, 0]))
    #expect(vectors.nearest(2, toRows: 1..<2)[0].map(\.similarity) == [1, 0])
  }

  @Test func candidatesAreOrdered() {
    let falling = [(1, 0.5), (0, 0.25), (1, 0.25), (7, 0), (8, -0.0), (2, -0.25), (0, -3)] as [(Int32, Float)]
    let candidates = falling.map { Candidate(row: $0.0, similarity: $0.1) }
    for (one, next) in zip(candidates, candidates.dropFirst()) { #expect(one > next) }
    for (candidate, pair) in zip(candidates, falling) {
      #expect(candidate.row == pair.0 && candidate.similarity == pair.1)
    }
  }

  private func sorted(_ vectors: QuantisedVectors, _ query: QuantisedQuery, _ rows: Range<Int>, _ k: Int) -> [Candidate]
  {
    let rows = rows.map { Int32($0) }
    var similarities = [Float](repeating: 0, count: rows.count)
    vectors.similarities(of: query, toRows: rows[...], into: &similarities)
    return Array(zip(rows, similarities).map { Candidate(row: $0, similarity: $1) }.sorted(by: >).prefix(k))
  }
}
