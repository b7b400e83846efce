import DistillCore
import DistillKnowledge
import Foundation
import TestSupport
import Testing

struct KnowledgeLogTests {
  private let folder: TemporaryFolder
  private let log: KnowledgeLog

  init() throws {
    folder = try TemporaryFolder()
    log = try KnowledgeLog.make(in: folder.url, Self.addition(["a", "b", "a"]), labels: ["a", "b"], note: "first")
  }

  /// Entries of these labels, with keys of which no two are equal.
  private static func addition(_ labels: [String], from first: Int = 0) -> KnowledgeAddition {
    let keys = labels.indices.flatMap { place -> [Float] in
      let angle = Float(first + place)
      return [cos(angle), sin(angle)]
    }
    return KnowledgeAddition(
      labels.enumerated().map {
        KnowledgeEntry(text: "text \(first + $0.offset)", label: $0.element, source: "f:\($0.offset)")
      },
      keys: Matrix(rows: labels.count, columns: 2, values: keys))
  }

  @Test func changesAreSteps() throws {
    #expect(try log.add(Self.addition(["c"], from: 3), note: "more") == 3..<4)
    try log.relabel([0: "b"], note: "")
    try log.remove([1], note: "")
    let state = try log.snapshot()
    #expect(state.entries.map(\.id) == [0, 2, 3] && state.labels == ["a": 1, "b": 1, "c": 1])
    #expect(Array(state.keys.row(2)) == [cos(3), sin(3)])
    #expect(state.newLabels(beside: .classification(labels: ["a", "b"])) == ["c"])
    // A number is never given twice, not even after its entry was removed.
    try log.remove([3], note: "")
    #expect(try log.add(Self.addition(["d"], from: 4), note: "") == 4..<5)
    #expect(try log.history().map(\.size) == [3, 4, 4, 3, 2, 3])
  }

  @Test func revertingRestoresAnyState() throws {
    let states = try (0..<4).map { step -> KnowledgeState in
      if step > 0 { try log.add(Self.addition(["c"], from: 3 + step), note: "") }
      return try log.snapshot()
    }
    for number in [2, 4, 1, 3] {
      try log.revert(to: number)
      let state = try log.snapshot()
      #expect(state.entries == states[number - 1].entries && state.keys == states[number - 1].keys)
    }
    #expect(throws: ContractError.self) { try log.revert(to: 99) }
    // What is added after a revert extends the state that was reverted to.
    try log.add(Self.addition(["e"], from: 50), note: "")
    #expect(try log.snapshot().entries.count == states[2].entries.count + 1)

    let before = try log.snapshot()
    try log.compact()
    let after = try log.snapshot()
    #expect(after.entries == before.entries && after.keys == before.keys)
    #expect(throws: ContractError.self) { try log.revert(to: 1) }
    #expect(try FileSystem.names(in: folder.url.appending(path: "segments")).count == 1)
  }

  @Test func softLabelsGoWithTheirEntries() throws {
    let addition = KnowledgeAddition(
      (0..<3).map { KnowledgeEntry(text: "\($0)") }, keys: Matrix(rows: 3, columns: 2, values: [1, 0, 0, 1, 0.6, 0.8]),
      softLabels: Matrix(rows: 2, columns: 2, values: [0.9, 0.1, 0.2, 0.8]), softRows: [0, 2])
    let ids = try log.add(addition, note: "")
    #expect(try log.snapshot().softLabels == [ids.lowerBound: [0.9, 0.1], ids.lowerBound + 2: [0.2, 0.8]])
    try log.relabel([ids.lowerBound: "b"], note: "")  // whoever relabels knows better than the teacher
    #expect(try log.snapshot().softLabels == [ids.lowerBound + 2: [0.2, 0.8]])
    try log.revert(to: 2)
    #expect(try log.snapshot().softLabels.count == 2)
    try log.remove([ids.lowerBound], note: "")
    try log.compact()
    #expect(try log.snapshot().softLabels == [ids.lowerBound + 2: [0.2, 0.8]])
  }

  @Test func whatDoesNotFitIsRefusedAndChangesNothing() throws {
    let before = try log.history()
    let wide = KnowledgeAddition([KnowledgeEntry()], keys: Matrix(rows: 1, columns: 3, values: [1, 0, 0]))
    #expect(throws: ContractError.self) { try log.add(wide, note: "") }
    let broken = KnowledgeAddition([KnowledgeEntry()], keys: Matrix(rows: 1, columns: 2, values: [.nan, 0]))
    #expect(throws: ContractError.self) { try log.add(broken, note: "") }
    #expect(throws: ContractError.self) { try log.remove([7], note: "") }
    #expect(throws: ContractError.self) { try log.remove([0, 1, 2], note: "") }
    #expect(throws: ContractError.self) { try log.relabel([7: "x"], note: "") }
    #expect(try log.history() == before)
  }

  /// Whatever a killed process leaves behind, the state is one that was committed, and the next change works.
  @Test func anUnfinishedChangeIsAsIfItHadNotBeen() throws {
    let before = try log.snapshot()
    let abandoned = folder.url.appending(path: "segments/000002-add")
    try FileManager.default.createDirectory(at: abandoned, withIntermediateDirectories: true)
    try Data("half".utf8).write(to: abandoned.appending(path: "entries.jsonl"))
    #expect(try log.snapshot().entries == before.entries)
    try log.add(Self.addition(["c"], from: 3), note: "")
    #expect(try log.snapshot().entries.count == 4)
  }

  /// Every byte of every file counts: a changed one is an error, and never another answer.
  @Test func damageIsFound() throws {
    try log.add(Self.addition(["c"], from: 3), note: "")
    try log.relabel([0: "b"], note: "")
    let expected = try log.snapshot()
    let files = FileSystem.files(below: folder.url).filter { !$0.lastPathComponent.hasPrefix(".") }
    #expect(files.count > 8)
    for file in files {
      let whole = try Data(contentsOf: file)
      for place in stride(from: 0, to: whole.count, by: max(1, whole.count / 40)) {
        var bytes = whole
        bytes[place] ^= 0x11
        try bytes.write(to: file)
        let state = try? log.snapshot()
        #expect(
          state == nil || (state?.entries == expected.entries && state?.keys == expected.keys), "\(file.path) \(place)")
      }
      try whole.prefix(whole.count / 2).write(to: file)
      #expect(throws: (any Error).self) { try log.snapshot() }
      try whole.write(to: file)
    }
    #expect(try log.snapshot().entries == expected.entries)
  }

  /// Readers see states that were committed while a writer adds, removes and compacts.
  @Test func readersSeeWholeStates() async throws {
    let log = log
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for step in 0..<30 {
          try log.add(Self.addition(["c", "d"], from: 10 + 2 * step), note: "")
          if step % 5 == 4 { try log.compact() }
        }
      }
      for _ in 0..<2 {
        group.addTask {
          for _ in 0..<40 {
            let state = try log.snapshot()
            #expect(state.entries.count % 2 == 1 && state.keys.rows == state.entries.count)
            #expect(state.entries.map(\.id) == Array(0..<state.entries.count))
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try log.snapshot().entries.count == 63)
  }
}
