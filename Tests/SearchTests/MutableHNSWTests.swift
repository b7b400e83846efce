import DistillCore
import DistillExactSearch
import DistillHNSW
import Foundation
import TestSupport
import Testing

struct MutableHNSWTests {
  /// Insertions, replacements and removals at random beside a dictionary. `DISTILL_CHANGES` sets their number. After every thousand
  /// the graph is in order, what was written is read, and as much is found as by an index that is built afresh.
  @Test func randomChanges() throws {
    let changes = ProcessInfo.processInfo.environment["DISTILL_CHANGES"].flatMap { Int($0) } ?? 3_000
    let key = RandomKey(7)
    let queries = TestVectors.matrix(1_000_000..<1_001_000, width: 24, clusters: 50)
    let index = try MutableHNSWIndex(width: 24)
    var truth: [Int: [Float]] = [:]
    var ids: [Int] = []
    var (step, source, smallest) = (0, 0, 1.0)
    func draw(_ below: Int) -> Int {
      step += 1
      return Int(key.bits(UInt64(step))) % max(1, below)
    }
    func vector() -> [Float] {
      source += 1
      // Some come a second time, to the same place.
      let row = draw(10) == 0 ? source / 2 : source
      return Array(TestVectors.matrix(row..<row + 1, width: 24, clusters: 50).values)
    }
    for change in 1...changes {
      switch draw(8) {
      case 0..<4:
        let (vector, id) = (vector(), change)
        try index.insert(vector, id: id)
        truth[id] = vector
        ids.append(id)
      case 4 where !ids.isEmpty:
        let (vector, id) = (vector(), ids[draw(ids.count)])
        try index.insert(vector, id: id)
        truth[id] = vector
      case 5..<7 where !ids.isEmpty:
        let place = draw(ids.count)
        try index.remove([ids[place]])
        truth[ids[place]] = nil
        ids.swapAt(place, ids.count - 1)
        ids.removeLast()
      default:
        let query = queries.row(draw(1_000))
        let found = try index.search(Array(query), neighbours: 3)
        #expect(found.count == min(3, truth.count))
        for match in found {
          let vector = try #require(truth[match.id])
          #expect(abs(dotProduct(vector.span, query.span) - match.similarity) < 1e-6)
        }
      }
      guard change % 1_000 == 0 else { continue }
      let snapshot = index.snapshot
      #expect(
        snapshot.invariantViolations() == [] && snapshot.count == truth.count && snapshot.ids == truth.keys.sorted())
      let order = truth.keys.sorted()
      let rows = Matrix(rows: order.count, columns: 24, values: order.flatMap { truth[$0] ?? [] })
      let nearest = try ExactIndex(rows).search(queries, neighbours: 10)
      func recall(_ answers: [[Float]]) -> Double {
        Double(
          zip(answers, nearest).reduce(0) { sum, pair in
            sum + pair.0.count { $0 >= pair.1[9].similarity - 1e-6 }
          }) / 10_000
      }
      let ours = recall(try snapshot.search(queries, neighbours: 10).map { $0.map(\.similarity) })
      let fresh = recall(try HNSWIndex(vectors: rows).search(queries, neighbours: 10).map { $0.map(\.similarity) })
      #expect(ours >= fresh - 0.005, "\(change): \(ours) of \(fresh), \(snapshot.count) vectors")
      smallest = min(smallest, ours - fresh)

      let folder = try TemporaryFolder()
      let file = folder.url.appending(path: "index")
      try snapshot.write(to: file)
      let again = try HNSWSnapshot(from: file)
      #expect(try again.search(queries, neighbours: 5) == snapshot.search(queries, neighbours: 5))
      #expect(again.ids == snapshot.ids)
      #expect(try PagedHNSWIndex(file).search(queries, neighbours: 5) == snapshot.search(queries, neighbours: 5))
    }
    if changes > 3_000 {
      print("\(changes) changes: \(index.count) vectors, the least difference of recall is \(smallest)")
    }
  }

  @Test func filtersAndReplaces() throws {
    let index = try MutableHNSWIndex(width: 3, lengths: .normalised)
    try index.insert(Matrix(rows: 3, columns: 3, values: [2, 0, 0, 0, 3, 0, 1, 1, 0]), ids: [10, -4, 7])
    #expect(try index.search([9, 1, 0], neighbours: 2).map(\.id) == [10, 7])
    #expect(try index.search([9, 1, 0], neighbours: 9) { $0 != 10 }.map(\.id) == [7, -4])
    try index.compact()
    #expect(try index.search([9, 1, 0], neighbours: 2) { $0 != 10 }.map(\.id) == [7, -4])
    let before = index.snapshot
    try index.insert([0, 0, 5], id: 10)
    try index.remove([-4])
    #expect(index.snapshot.ids == [7, 10] && before.ids == [-4, 7, 10])
    #expect(
      index.snapshot.vector(10) == [0, 0, 1] && before.vector(10) == [1, 0, 0] && index.snapshot.vector(-4) == nil)
    #expect(try before.search(Matrix(rows: 1, columns: 3, values: [9, 1, 0]), neighbours: 1)[0].map(\.id) == [10])
    try index.compact()
    #expect(try index.search([0, 0, 1], neighbours: 5).map(\.id) == [10, 7])
  }

  @Test func refusesWhatDoesNotFit() throws {
    let index = try MutableHNSWIndex(width: 2)
    try index.insert([1, 0], id: 1)
    func refuses(_ body: () throws -> Void) { #expect(throws: ContractError.self) { try body() } }
    refuses { try index.insert([0, 2], id: 2) }
    refuses { try index.insert([.nan, 0], id: 2) }
    refuses { try index.insert([1, 0, 0], id: 2) }
    refuses { try index.insert(Matrix(rows: 2, columns: 2, values: [1, 0, 0, 1]), ids: [5, 5]) }
    refuses { try index.remove([1, 9]) }
    refuses { _ = try index.search([1, 0], neighbours: 0) }
    #expect(index.snapshot.ids == [1])
  }

  /// Readers beside a writer, for the thread sanitizer: what is found was there when the search began.
  @Test func searchesBesideChanges() async throws {
    let index = try MutableHNSWIndex(width: 8)
    let vectors = TestVectors.matrix(0..<4_000, width: 8)
    try index.insert(vectors.gathered(Array(0..<100)), ids: Array(0..<100))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for start in stride(from: 100, to: 4_000, by: 50) {
          try index.insert(vectors.gathered(Array(start..<start + 50)), ids: Array(start..<start + 50))
          try index.remove([start - 100, start - 71])
        }
      }
      for reader in 0..<3 {
        group.addTask {
          for turn in 0..<200 {
            let snapshot = index.snapshot
            let query = vectors.gathered([(reader * 1_000 + turn) % 4_000])
            let found = try snapshot.search(query, neighbours: 5)[0]
            #expect(found.count == 5 && found.allSatisfy { snapshot.vector($0.id) != nil })
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(index.count == 4_000 - 156 && index.snapshot.invariantViolations() == [])
  }

  /// What hnswlib 0.8.0 wrote: 12 vectors with M = 2 and the labels 0, 7, … 77, of which 14 is marked as deleted.
  @Test func readsWhatHnswlibWrote() throws {
    let whole = try #require(Data(base64Encoded: Self.hnswlib, options: .ignoreUnknownCharacters))
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "index.bin")
    try whole.write(to: file)
    #expect(throws: ContractError.self) { try HNSWSnapshot(hnswlib: file) }
    let read = try HNSWSnapshot(hnswlib: file, lengths: .normalised)
    #expect(read.ids == (0..<12).map { 7 * $0 }.filter { $0 != 14 } && read.width == 3)
    // Its coordinates were rounded to 1/64, so that it has not quite length 1.
    for (found, expected) in zip(read.vector(77) ?? [], [-0.78125, -0.625, -0.015625] as [Float]) {
      #expect(abs(found - expected) < 0.01)
    }
    let found = try MutableHNSWIndex(read).search([-0.78125, -0.625, -0.015625], neighbours: 3)
    #expect(found[0].id == 77 && abs(found[0].similarity - 1) < 1e-6)
    for place in [0, 95, 96, 300, 575] {
      try whole.prefix(place).write(to: file)
      #expect(throws: FormatError.self) { try HNSWSnapshot(hnswlib: file, lengths: .normalised) }
    }
    // Any byte of the header may be anything: nothing traps.
    for place in 0..<96 {
      for bit in 0..<8 {
        var data = whole
        data[place] ^= 1 << bit
        try data.write(to: file)
        _ = try? HNSWSnapshot(hnswlib: file, lengths: .normalised)
      }
    }
  }

  private static let hnswlib = """
    AAAAAAAAAAAUAAAAAAAAAAwAAAAAAAAAKAAAAAAAAAAgAAAAAAAAABQAAAAAAAAABAAAAAgAAAACAAAAAAAAAAQAAAAAAAAAAgAAAAAAAAD+gitlRxX3Px
    4AAAAAAAAAAgAAAAYAAAAIAAAAAwAAAAYAAAAAAGQ/AACwvgAAmL4AAAAAAAAAAAMAAAAAAAAAAwAAAAUAAAAAAAAAAADQvgAAqD4AAFy/BwAAAAAAAAAE
    AAEAAAAAAAQAAAAHAAAACAAAAAAAaD8AAMi+AAAwPg4AAAAAAAAAAwAAAAAAAAABAAAABgAAAAAAAAAAAMC9AAAUPwAAUL8VAAAAAAAAAAMAAAACAAAABQ
    AAAAkAAAAAAAAAAACIvgAAoL4AAGw/HAAAAAAAAAAEAAAABAAAAAEAAAAJAAAACgAAAAAASL8AAAC+AAAgvyMAAAAAAAAAAwAAAAAAAAADAAAABwAAAAAA
    AAAAAAA9AADwPgAAZL8qAAAAAAAAAAIAAAAGAAAAAgAAAAAAAAAAAAAAAABAPwAAFD8AAKg+MQAAAAAAAAADAAAAAgAAAAAAAAAKAAAAAAAAAAAATD8AAB
    i/AADgvTgAAAAAAAAAAwAAAAUAAAAEAAAACwAAAAAAAAAAAFi/AABwvgAA+D4/AAAAAAAAAAMAAAAIAAAABQAAAAsAAAAAAAAAAAAovwAAwL4AACi/RgAA
    AAAAAAACAAAACgAAAAkAAAAAAAAAAAAAAAAASL8AACC/AACAvE0AAAAAAAAAAAAAAAwAAAACAAAACgAAAAMAAAAkAAAAAQAAAAgAAAAIAAAAAgAAAAYAAA
    AIAAAAAQAAAAgAAAAAAAAADAAAAAIAAAABAAAABgAAAAAAAAAAAAAAGAAAAAIAAAAIAAAAAwAAAAIAAAACAAAACAAAAAAAAAAwAAAAAgAAAAYAAAACAAAA
    AgAAAAYAAAACAAAAAQAAAAIAAAAAAAAAAAAAAAAAAAAAAAAADAAAAAEAAAAKAAAAAQAAAAwAAAACAAAACQAAAAEAAAAAAAAA
    """
}
