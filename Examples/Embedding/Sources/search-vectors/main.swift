// search-vectors: an index over 2,000 random vectors, and what it finds of the ten nearest to 100 others.
import DistillCore
import DistillHNSW
import Foundation

let (count, width, k) = (2_000, 32, 10)

func unitVectors(_ count: Int, _ key: RandomKey) -> Matrix {
  Matrix(Tensor(normal: [count, width], standardDeviation: 1, key: key).l2Normalised())
}

do {
  let keys = unitVectors(count, RandomKey(1))
  let queries = unitVectors(100, RandomKey(2))
  let clock = ContinuousClock()
  var index: HNSWIndex?
  let building = try clock.measure { index = try HNSWIndex(vectors: keys) }
  guard let index else { exit(1) }
  var found: [[Neighbour]] = []
  let searching = try clock.measure { found = try index.search(queries, neighbours: k) }

  // With as many neighbours as there are vectors, all of them are compared.
  let all = try index.search(queries, neighbours: count)
  let hits = zip(found, all).reduce(0) { $0 + Set($1.0.map(\.row)).intersection($1.1.prefix(k).map(\.row)).count }
  print("\(count) vectors of \(width) numbers indexed in \(building), \(queries.rows) searched in \(searching)")
  print("recall@\(k): \(Double(hits) / Double(k * queries.rows))")
} catch {
  FileHandle.standardError.write(Data("error: \(error)\n".utf8))
  exit(1)
}
