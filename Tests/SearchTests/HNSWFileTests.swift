import DistillCore
import DistillHNSW
import Foundation
import TestSupport
import Testing

struct HNSWFileTests {
  private let keys = TestVectors.matrix(0..<300, width: 8)
  private let folder: TemporaryFolder
  private let file: URL
  private let whole: Data
  private let index: HNSWIndex

  init() throws {
    folder = try TemporaryFolder()
    file = folder.url.appending(path: "hnsw.safetensors")
    index = try HNSWIndex(vectors: keys, m: 4, efConstruction: 30, seed: 9)
    try index.write(to: folder.url)
    whole = try Data(contentsOf: file)
  }

  @Test func loadsWhatWasWritten() throws {
    let loaded = try HNSWIndex(from: folder.url, vectors: keys)
    #expect((loaded.m, loaded.efConstruction, loaded.seed) == (4, 30, 9))
    #expect(try loaded.search(keys, neighbours: 5) == index.search(keys, neighbours: 5))
    try loaded.write(to: folder.url)
    #expect(try Data(contentsOf: file) == whole)
  }

  @Test func refusesOtherVectors() throws {
    var values = keys.values
    values[1_000].negate()
    let wrong = [
      Matrix(rows: 300, columns: 8, values: values), keys.gathered(Array(0..<299)),
      Matrix(rows: 150, columns: 16, values: keys.values),
    ]
    for keys in wrong {
      let error = #expect(throws: FormatError.self) { try HNSWIndex(from: folder.url, vectors: keys) }
      #expect(error?.message.contains("other vectors") == true)
    }
    #expect(throws: FormatError.self) { try HNSWIndex(from: folder.url.appending(path: "absent"), vectors: keys) }
  }

  /// Bytes that were changed, cut off or added anywhere are seen.
  @Test func refusesDamage() throws {
    let key = RandomKey(5)
    for trial in 0..<300 {
      let (key, at) = (key.child(trial), key.child(trial).integer(below: whole.count, 0))
      var data = whole
      switch trial % 4 {
      case 0: data[at] ^= UInt8(1) << UInt8(key.integer(below: 8, 1))
      case 1: data[at] = ~data[at]
      case 2: data = data.prefix(at)
      default:
        data.replaceSubrange(at..<min(at + 9, data.count), with: (0..<9).map { UInt8(key.integer(below: 256, 2 + $0)) })
      }
      if data == whole { continue }
      try data.write(to: file)
      #expect(throws: FormatError.self, "trial \(trial), byte \(at)") { try HNSWIndex(from: folder.url, vectors: keys) }
    }
  }

  /// Numbers that were changed by somebody who also made the checksum fit: refused, or an index that stays in its bounds.
  @Test func survivesForgery() throws {
    let reader = try SafetensorsReader(file)
    let names = ["levels", "degrees", "links", "parents"]
    let numbers = try names.map { try reader.integers(named: $0) }
    let key = RandomKey(6)
    var accepted = 0
    for trial in 0..<300 {
      let key = key.child(trial)
      var forged = numbers
      let tensor = trial % 4
      let values: [Int64] = [-1, 0, 1, 4, 8, 9, 64, 65, 255, 256, 299, 300, .max, .min, Int64(Int32.max), 1 << 32]
      for change in 0..<UInt64(1 + trial % 2) {
        forged[tensor][key.integer(below: forged[tensor].count, 2 * change)] =
          values[key.integer(below: values.count, 2 * change + 1)]
      }
      if trial % 10 == 9 { forged[tensor].removeLast() }
      try write(forged, names, reader.metadata)
      do {
        let index = try HNSWIndex(from: folder.url, vectors: keys)
        #expect(index.invariantViolations() == [])
        let answers = try index.search(keys, neighbours: 5)
        #expect(answers.allSatisfy { $0.count == 5 && $0.allSatisfy { 0..<300 ~= $0.row } })
        accepted += 1
      } catch is FormatError {}
    }
    // A link may be another one, or what it was: some are accepted. The others show that the checksum was forged well.
    #expect(accepted > 0 && accepted < 150)
  }

  /// The file of version 1, which did not tell the parents, is read and extended by building the graph anew.
  @Test func readsWhatAnOlderVersionWrote() throws {
    let reader = try SafetensorsReader(file)
    let names = ["levels", "degrees", "links"]
    var metadata = reader.metadata
    metadata["version"] = "1"
    try write(names.map { try reader.integers(named: $0) }, names, metadata)
    let older = try HNSWIndex(from: folder.url, vectors: keys)
    #expect(try older.search(keys, neighbours: 5) == index.search(keys, neighbours: 5))
    try older.extended(to: keys).write(to: folder.url)
    #expect(try Data(contentsOf: file) == whole)
  }

  private func write(_ numbers: [[Int64]], _ names: [String], _ metadata: [String: String]) throws {
    var metadata = metadata
    var hash = Checksum()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != "checksum" {
      hash.update("\(key)=\(value)\n".utf8)
    }
    for tensor in numbers { hash.update(tensor.span.bytes) }
    metadata["checksum"] = hash.hexDigest
    var writer = SafetensorsWriter(metadata: metadata)
    for (name, tensor) in zip(names, numbers) { writer.add(name, shape: [tensor.count], integers: { tensor }) }
    try writer.write(to: file)
  }
}
