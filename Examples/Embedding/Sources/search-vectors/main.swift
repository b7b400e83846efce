// search-vectors: an index over 2,000 random vectors, and what it finds of the ten nearest to 100 others.
import DistillCore
import DistillHNSW
import Foundation

let (count, width) = (2_000, 32)

func unitVectors(_ count: Int, _ key: RandomKey) -> Matrix {
  Matrix(Tensor(normal: [count, width], standardDeviation: 1, key: key).l2Normalised())
}

do {
  let keys = unitVectors(count, RandomKey(1))
  let queries = unitVectors(100, RandomKey(2))
  let begin = ContinuousClock.now
  let index = try HNSWIndex(vectors: keys)
  let built = ContinuousClock.now
  let nearest = try index.search(queries, neighbours: 10)
  let searched = ContinuousClock.now

  // With as many neighbours as there are vectors, all of them are compared.
  let all = try index.search(queries, neighbours: count)
  let hits = zip(nearest, all).reduce(0) { $0 + Set($1.0.map(\.row)).intersection($1.1.prefix(10).map(\.row)).count }
  print(
    "\(count) vectors of \(width) numbers indexed in \(built - begin), \(queries.rows) searched in \(searched - built)")
  print("recall@10: \(Double(hits) / Double(10 * queries.rows))")
} catch {
  FileHandle.standardError.write(Data("error: \(error)\n".utf8))
  exit(1)
}
