import DistillCore
import DistillHNSW
import Foundation
import TestSupport
import Testing

struct PagedHNSWTests {
  private let folder: TemporaryFolder
  private let file: URL
  private let index: MutableHNSWIndex
  private let whole: Data
  private let queries = TestVectors.matrix(5_000..<5_040, width: 8)

  init() throws {
    folder = try TemporaryFolder()
    file = folder.url.appending(path: "index")
    index = try MutableHNSWIndex(width: 8, m: 3, efConstruction: 20)
    try index.insert(TestVectors.matrix(0..<3_000, width: 8), ids: Array(1_000..<4_000))
    try index.insert(TestVectors.matrix(3_000..<3_020, width: 8), ids: Array(0..<20))
    try index.remove([1_003, 7])
    try index.snapshot.write(to: file)
    whole = try Data(contentsOf: file)
  }

  @Test func findsWhatTheSnapshotFinds() throws {
    let paged = try PagedHNSWIndex(file)
    #expect(paged.count == 3_018 && paged.width == 8 && paged.efSearch == 64 && paged.metric == .innerProduct)
    for k in [1, 10, 4_000] {
      #expect(try paged.search(queries, neighbours: k) == index.search(queries, neighbours: k))
    }
    #expect(
      try paged.search(queries, neighbours: 5) { $0 % 3 == 0 } == index.search(queries, neighbours: 5) { $0 % 3 == 0 })
    #expect(throws: ContractError.self) { try paged.search([1], neighbours: 1) }
    #expect(throws: ContractError.self) { try paged.search(queries, neighbours: 0) }
    // Read again and written again, it is the same.
    try HNSWSnapshot(from: file).write(to: file)
    #expect(try Data(contentsOf: file) == whole)
  }

  @Test func outlivesItsFile() throws {
    let paged = try PagedHNSWIndex(file)
    try HNSWSnapshot(hnswlibWidth: 8).write(to: file)
    #expect(try paged.search(queries, neighbours: 3) == index.search(queries, neighbours: 3))
  }

  /// Where the file is shortened or changed while it is open, a search throws or finds what it should.
  @Test func survivesWhatHappensToItsFile() throws {
    for (count, flips) in [(whole.count / 2, 0), (whole.count, 200)] {
      try whole.write(to: file)
      let paged = try PagedHNSWIndex(file)
      let handle = try FileHandle(forWritingTo: file)
      try handle.truncate(atOffset: UInt64(count))
      for flip in 0..<flips {
        try handle.seek(toOffset: UInt64(whole.count * (flip + 2) / (flips + 3)))
        try handle.write(contentsOf: [0xa5])
      }
      try handle.close()
      #expect(throws: FormatError.self) {
        for query in 0..<40 { _ = try paged.search(Array(queries.row(query)), neighbours: 3) }
      }
    }
  }

  /// Bytes that are changed or cut off: an error, or the same answers. `DISTILL_MUTANTS` sets their number.
  @Test func refusesDamage() throws {
    let mutants = ProcessInfo.processInfo.environment["DISTILL_MUTANTS"].flatMap { Int($0) } ?? 400
    let answers = try index.search(queries, neighbours: 5)
    let key = RandomKey(3)
    var (refused, found) = (0, 0)
    for turn in 0..<mutants {
      var data = whole
      let place = Int(key.bits(UInt64(2 * turn))) % data.count
      if turn % 4 == 0 {
        data = data.prefix(place)
      } else {
        data[place] ^= UInt8(1 << (key.bits(UInt64(2 * turn + 1)) % 8))
      }
      try data.write(to: file)
      do {
        #expect(try PagedHNSWIndex(file).search(queries, neighbours: 5) == answers)
        found += 1
      } catch is FormatError { refused += 1 }
      #expect(throws: FormatError.self) { try HNSWSnapshot(from: file) }
    }
    #expect(refused > mutants / 2 && found > 0)
  }

  /// A file of somebody who made the checksums fit as well: an error or an answer of numbers that are there, and no trap.
  @Test func survivesForgery() throws {
    let reader = try SafetensorsReader(file)
    let key = RandomKey(4)
    var accepted = 0
    let values: [Int] = [-1, 0, 1, 6, 7, 8, 255, 2_999, 3_000, 3_001, Int(Int32.max), Int(Int32.min), .max, .min]
    let names = reader.names.filter { $0 != "page_checksums" }
    for turn in 0..<400 {
      var forger = Forger(reader)
      let name = names[turn % names.count]
      forger.changes[name] = (
        key.integer(below: max(1, reader.tensors[name]?.count ?? 1), UInt64(2 * turn)),
        values[key.integer(below: values.count, UInt64(2 * turn + 1))]
      )
      if turn % 5 == 0 {
        let keys = ["m", "entry", "top", "linked", "width", "ef_search", "metric", "lengths", "ef_construction"]
        forger.metadata[keys[turn / 5 % keys.count]] = "\(values[turn / 45 % values.count])"
      }
      try forger.write(to: file)
      do {
        let found = try PagedHNSWIndex(file).search(queries, neighbours: 5)
        #expect(found.count == 40)
        accepted += 1
      } catch is FormatError {}
      do { _ = try HNSWSnapshot(from: file).search(queries, neighbours: 5) } catch is FormatError {
      } catch is ContractError {}
    }
    #expect(accepted > 50)
  }

  /// The file of version 0.9, made from that of a graph: vectors of which the last is not in the graph yet, numbers, and a removed row.
  @Test func readsWhatVersion09Wrote() throws {
    let vectors = TestVectors.matrix(0..<301, width: 8)
    let graph = try HNSWIndex(vectors: vectors.gathered(Array(0..<300)), m: 4, efConstruction: 30, seed: 9)
    try graph.write(to: folder.url)
    let reader = try SafetensorsReader(folder.url.appending(path: "hnsw.safetensors"))
    let names = ["levels", "degrees", "links", "parents"]
    let tensors = try names.map { try reader.integers(named: $0) }
    let (ids, removed): ([Int64], [Int64]) = ((0..<301).map { $0 * 7 }, [5])
    var contents = Checksum()
    var digest = Checksum()
    var whole = Checksum()
    digest.update("301 8\n".utf8)
    let bits = vectors.values.map(\.bitPattern)
    digest.update(bits.span.bytes)
    contents.update(digest.hexDigest.utf8)
    contents.update(ids.span.bytes)
    contents.update("|".utf8)
    contents.update(removed.span.bytes)
    var metadata = reader.metadata
    metadata["contents"] = contents.hexDigest
    (metadata["graph"], metadata["ef_search"]) = ("300", "96")
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != "checksum" {
      whole.update("\(key)=\(value)\n".utf8)
    }
    for tensor in tensors { whole.update(tensor.span.bytes) }
    metadata["checksum"] = whole.hexDigest
    var writer = SafetensorsWriter(metadata: metadata)
    for (name, tensor) in zip(names, tensors) { writer.add(name, shape: [tensor.count], integers: { tensor }) }
    writer.add("all", shape: [301, 8], floats: { vectors.values })
    writer.add("ids", shape: [301], integers: { ids })
    writer.add("removed", shape: [1], integers: { removed })
    try writer.write(to: file)

    let read = try HNSWSnapshot(from: file)
    #expect(
      read.efSearch == 96 && read.count == 300 && read.vector(35) == nil
        && read.vector(2_100) == Array(vectors.row(300)))
    let found = try read.search(vectors.gathered([17, 300]), neighbours: 1).map { $0[0].id }
    #expect(found == [119, 2_100])
    let error = #expect(throws: FormatError.self) { try PagedHNSWIndex(file) }
    #expect(error?.message.contains("older version") == true)
    try read.write(to: file)
    #expect(try PagedHNSWIndex(file).search(queries, neighbours: 5) == read.search(queries, neighbours: 5))
  }

  @Test func manyThreadsSearchAtOnce() async throws {
    let paged = try PagedHNSWIndex(file)
    let answers = try index.search(queries, neighbours: 5)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for start in 0..<8 {
        group.addTask {
          for turn in 0..<40 {
            let query = (start * 5 + turn) % 40
            let found = try paged.search(Array(queries.row(query)), neighbours: 5)
            #expect(found == answers[query])
          }
        }
      }
      try await group.waitForAll()
    }
  }
}

extension HNSWSnapshot {
  /// An empty snapshot.
  fileprivate init(hnswlibWidth width: Int) throws { self = try MutableHNSWIndex(width: width).snapshot }
}

/// Writes the file of a snapshot with other contents, and with checksums that fit.
private struct Forger {
  var metadata: [String: String]
  /// For a tensor, a place and what is put there.
  var changes: [String: (place: Int, value: Int)] = [:]
  private let reader: SafetensorsReader

  init(_ reader: SafetensorsReader) { (self.reader, metadata) = (reader, reader.metadata) }

  func write(to file: URL) throws {
    var checksums: [Int64] = []
    var add: [(inout SafetensorsWriter) -> Void] = []
    func append<Element: BitwiseCopyable & Sendable>(
      _ name: String, _ elements: [Element], _ changed: (Int) -> Element
    ) throws {
      guard let info = reader.tensors[name] else { return }
      var elements = elements
      if let (place, value) = changes[name], place < elements.count { elements[place] = changed(value) }
      checksums += FilePages.checksums(of: elements, width: info.shape.dropFirst().reduce(1, *))
      add.append { [elements] in $0.add(name, info.dtype, shape: info.shape, elements: { elements }) }
    }
    try append("ids", reader.integers(named: "ids")) { Int64($0) }
    for name in ["vectors", "scales"] {
      try append(name, reader.floats(named: name)) { $0 == 0 ? .nan : Float($0) }
    }
    for name in ["links", "upper", "starts", "parents", "removed"] {
      try append(name, reader.integers(named: name).map { Int32($0) }) { Int32(truncatingIfNeeded: $0) }
    }
    for name in ["levels", "codes"] {
      try append(name, reader.integers(named: name).map { UInt8($0) }) { UInt8(truncatingIfNeeded: $0) }
    }
    var metadata = metadata
    var hash = Checksum()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != "checksum" {
      hash.update("\(key)=\(value)\n".utf8)
    }
    hash.update(checksums.span.bytes)
    metadata["checksum"] = hash.hexDigest
    var writer = SafetensorsWriter(metadata: metadata)
    writer.add("page_checksums", shape: [checksums.count], integers: { checksums })
    for add in add { add(&writer) }
    try writer.write(to: file)
  }
}
