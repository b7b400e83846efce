import DistillCore
import DistillVectors
import Foundation

// The file that version 0.9 wrote is that of the graph with three more tensors: `all` [M, D] holds the vectors, the first of which are
// those of the graph, `ids` [M] their numbers, and `removed` the rows of vectors that are gone. The metadata have a checksum of the three.
extension HNSWSnapshot {
  init(version9 reader: SafetensorsReader) throws {
    func refuse(_ problem: String) -> FormatError { FormatError(file: reader.url, problem) }
    let (ids, gone) = (try reader.integers(named: "ids"), try reader.integers(named: "removed"))
    guard let shape = reader.tensors["all"]?.shape, shape.count == 2, shape[0] == ids.count, shape[1] >= 1,
      let count = reader.metadata["graph"].flatMap(Int.init), 0...ids.count ~= count,
      let efSearch = reader.metadata["ef_search"].flatMap(Int.init), efSearch >= 1,
      gone.allSatisfy({ 0..<Int64(count) ~= $0 }), Set(gone).count == gone.count
    else { throw refuse("does not hold the vectors of an index") }
    let vectors = Matrix(rows: shape[0], columns: shape[1], values: try reader.floats(named: "all"))
    guard reader.metadata["contents"] == Self.checksum(vectors, ids, gone) else {
      throw refuse("is damaged: the checksum of its vectors does not fit")
    }
    var graph = try HNSWIndex(reader, vectors: vectors.gathered(Array(0..<count)))
    graph.efSearch = efSearch
    var changes = SnapshotChanges(width: shape[1], lengths: .unit, count: count)
    for row in gone { changes.isThere[Int(row)] = false }
    changes.removed = gone.count
    changes.recent = Array(vectors.values[(count * shape[1])...])
    changes.recentIDs = ids.dropFirst(count).map { Int($0) }
    self.init(graph, ids: ids.prefix(count).map { Int($0) }, linked: count, changes: changes)
    guard Set(self.ids).count == self.count else { throw refuse("has two vectors of the same number") }
    try HNSWIndex.check(vectors)
  }

  private static func checksum(_ vectors: Matrix, _ ids: [Int64], _ gone: [Int64]) -> String {
    var checksum = Checksum()
    checksum.update(HNSWIndex.digest(of: vectors).utf8)
    checksum.update(numbers: ids)
    checksum.update("|".utf8)
    checksum.update(numbers: gone)
    return checksum.hexDigest
  }
}
