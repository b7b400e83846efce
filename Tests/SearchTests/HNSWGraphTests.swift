import DistillCore
import DistillExactSearch
import DistillHNSW
import Foundation
import TestSupport
import Testing

struct HNSWGraphTests {
  /// Nodes are inserted in the order of rows and their layers are functions of the row, so the index of the first n rows is
  /// the state after n insertions.
  @Test(arguments: [2, 3, 8]) func invariantsHoldAfterEveryInsertion(m: Int) throws {
    let distinct = TestVectors.matrix(0..<150, width: 8, clusters: 7)
    let sets = [
      "clustered": distinct, "equal": distinct.gathered(Array(repeating: 3, count: 150)),
      "half equal": distinct.gathered((0..<150).map { $0.isMultiple(of: 2) ? 0 : $0 }),
      "in pairs": distinct.gathered((0..<150).map { $0 / 2 }),
      "zero": Matrix(rows: 150, columns: 8, values: Array(repeating: 0, count: 1_200)),
    ]
    for (name, set) in sets {
      var index = try HNSWIndex(vectors: set.gathered([]), m: m, efConstruction: 10)
      for count in 1...150 {
        index = try index.extended(to: set.gathered(Array(0..<count)))
        #expect(index.invariantViolations() == [], "\(name), \(count) nodes")
      }
    }
  }

  /// The same where most nodes are linked at once. 1,087 nodes are 1,024 at once and 63 after them; 1,088 are all at once.
  @Test(arguments: [2, 3, 8], [1_087, 1_088]) func invariantsHoldOfNodesLinkedAtOnce(m: Int, count: Int) throws {
    let distinct = TestVectors.matrix(0..<count, width: 8, clusters: 7)
    let sets = [
      "clustered": distinct, "equal": distinct.gathered(Array(repeating: 3, count: count)),
      "half equal": distinct.gathered((0..<count).map { $0.isMultiple(of: 2) ? 0 : $0 }),
      "in pairs": distinct.gathered((0..<count).map { $0 / 2 }),
      "zero": Matrix(rows: count, columns: 8, values: Array(repeating: 0, count: 8 * count)),
      "one number": Matrix(rows: count, columns: 1, values: (0..<count).map { $0.isMultiple(of: 3) ? 1 : -1 }),
    ]
    for (name, set) in sets {
      #expect(try HNSWIndex(vectors: set, m: m, efConstruction: 10).invariantViolations() == [], "\(name)")
    }
  }

  /// With as many candidates as vectors the lowest layer is searched as a whole: it must connect everything.
  @Test func everythingIsReached() throws {
    let keys = TestVectors.matrix(0..<2_000, width: 16, clusters: 40)
    var index = try HNSWIndex(vectors: keys, m: 4, efConstruction: 20)
    index.efSearch = 1_999  // and K below M, or vectors would be compared without the graph
    let answer = try index.search(Array(keys.row(0)), neighbours: 1_999)
    #expect(Set(answer.map(\.row)).count == 1_999)
  }

  @Test func sameInputSameBytes() throws {
    let keys = TestVectors.matrix(0..<800, width: 16)
    func bytes(_ seed: UInt64) throws -> Data {
      let folder = try TemporaryFolder()
      try HNSWIndex(vectors: keys, m: 6, efConstruction: 40, seed: seed).write(to: folder.url)
      return try Data(contentsOf: folder.url.appending(path: "hnsw.safetensors"))
    }
    #expect(try bytes(7) == bytes(7))
    #expect(try bytes(7) != bytes(8))
  }

  /// Bit for bit: the file of an index that grew, in one step or many, is that of one that was built over everything, on any number of
  /// threads. Nodes are linked at once again at 1,024 and 1,088.
  @Test(arguments: [
    [800], [0, 1, 2, 3, 800], [799, 800], [100, 101, 400, 800], [1_023, 1_024, 1_060], [1_050, 1_060],
    [1_060, 1_088, 1_100],
  ]) func growsToTheSameBytes(_ steps: [Int]) throws {
    let last = steps[steps.count - 1]
    let keys = TestVectors.matrix(0..<last, width: 16).gathered((0..<last).map { $0 % 3 == 0 ? $0 / 9 : $0 })
    func bytes(_ index: HNSWIndex) throws -> Data {
      let folder = try TemporaryFolder()
      try index.write(to: folder.url)
      return try Data(contentsOf: folder.url.appending(path: "hnsw.safetensors"))
    }
    var index = try HNSWIndex(vectors: keys.gathered([]), m: 5, efConstruction: 40)
    for step in steps {
      index = try index.extended(to: keys.gathered(Array(0..<step)))
      let folder = try TemporaryFolder()
      try index.write(to: folder.url)
      index = try HNSWIndex(from: folder.url, vectors: keys.gathered(Array(0..<step)))
      #expect(index.invariantViolations() == [])
    }
    for threads in 1...3 {
      let whole = try Compute.$threads.withValue(threads) { try HNSWIndex(vectors: keys, m: 5, efConstruction: 40) }
      #expect(try bytes(index) == bytes(whole))
    }
    #expect(throws: ContractError.self) { try index.extended(to: keys.gathered(Array((0..<last).reversed()))) }
  }

  /// More than 65,536 nodes are not all compared with each other. An eighth of them, more than a leaf may hold, are at one place.
  @Test func nodesAreLinkedByLeaves() throws {
    let keys = TestVectors.matrix(0..<70_000, width: 16, clusters: 3_000).gathered(
      (0..<70_000).map { $0 % 8 == 3 ? 3 : $0 })
    let queries = TestVectors.matrix(70_000..<70_300, width: 16, clusters: 3_000)
    let indexes = try [1, 3].map { threads in
      try Compute.$threads.withValue(threads) { try HNSWIndex(vectors: keys, m: 8, efConstruction: 80) }
    }
    #expect(indexes[0].invariantViolations() == [])
    let (found, again) = try (indexes[0].search(queries, neighbours: 10), indexes[1].search(queries, neighbours: 10))
    #expect(found == again)
    let truth = try ExactIndex(keys).search(queries, neighbours: 10)
    let hits = zip(found, truth).reduce(0) { $0 + Set($1.0.map(\.row)).intersection($1.1.map(\.row)).count }
    #expect(Double(hits) / 3_000 > 0.97, "\(hits)")
  }

  /// Whatever may not be found is walked across, so that the rest is found as well as in an index of its own.
  @Test func removedVectorsAreBridges() throws {
    let keys = TestVectors.matrix(0..<4_000, width: 16, clusters: 40)
    let index = try HNSWIndex(vectors: keys, m: 8, efConstruction: 100)
    let queries = TestVectors.matrix(4_000..<4_200, width: 16, clusters: 40)
    for share in [2, 3, 10] {
      let mayBeFound = (0..<4_000).map { $0 % share != 0 }
      let rows = (0..<4_000).filter { mayBeFound[$0] }
      let truth = try ExactIndex(keys).search(queries, neighbours: 10, among: mayBeFound).map { Set($0.map(\.row)) }
      func recall(_ answers: [[Int]]) -> Double {
        Double(zip(answers, truth).reduce(0) { $0 + $1.1.intersection($1.0).count }) / 2_000
      }
      let filtered = try index.search(queries, neighbours: 10, among: mayBeFound).map { $0.map(\.row) }
      let fresh = try HNSWIndex(vectors: keys.gathered(rows), m: 8, efConstruction: 100)
      let own = try fresh.search(queries, neighbours: 10).map { $0.map { rows[$0.row] } }
      #expect(recall(filtered) > recall(own) - 0.005, "\(share): \(recall(filtered)), \(recall(own))")
    }
  }

  @Test func answersDoNotDependOnThreadsOrBatch() throws {
    let index = try HNSWIndex(vectors: TestVectors.matrix(0..<800, width: 16))
    let queries = TestVectors.matrix(800..<900, width: 16)
    let answers = try (1...3).map { threads in
      try Compute.$threads.withValue(threads) { try index.search(queries, neighbours: 5) }
    }
    #expect(answers[0] == answers[1] && answers[0] == answers[2])
    for row in 0..<queries.rows { #expect(try index.search(Array(queries.row(row)), neighbours: 5) == answers[0][row]) }
  }

  @Test(arguments: [(1, 200), (1_025, 200), (16, 0)]) func refusesOptions(m: Int, efConstruction: Int) {
    #expect(throws: ContractError.self) {
      try HNSWIndex(vectors: TestVectors.matrix(0..<3, width: 4), m: m, efConstruction: efConstruction)
    }
  }
}
