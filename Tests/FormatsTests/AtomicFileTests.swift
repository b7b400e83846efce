import DistillFormats
import Foundation
import TestSupport
import Testing

struct AtomicFileTests {
  private struct Interruption: Error {}

  @Test func replacesAFile() throws {
    try TemporaryFolder.with { folder in
      let url = folder.appendingPathComponent("a.txt")
      for text in ["old", "", "new and longer"] {
        try AtomicFile.write(Data(text.utf8), to: url)
        #expect(try String(contentsOf: url, encoding: .utf8) == text)
        #expect(try names(in: folder) == ["a.txt"])
      }
    }
  }

  @Test func failingContentsLeaveTheOldFile() throws {
    try TemporaryFolder.with { folder in
      let url = folder.appendingPathComponent("a.txt")
      try AtomicFile.write(Data("old".utf8), to: url)
      #expect(throws: Interruption.self) {
        try AtomicFile.write(to: url) { file in
          try file.write(Array("ne".utf8).span.bytes)
          #expect(try names(in: folder).count == 2)
          #expect(try String(contentsOf: url, encoding: .utf8) == "old")
          throw Interruption()
        }
      }
      #expect(try String(contentsOf: url, encoding: .utf8) == "old")
      #expect(try names(in: folder) == ["a.txt"])
    }
  }

  @Test func clearsAwayWhatAKilledWriterLeftAndNothingElse() throws {
    try TemporaryFolder.with { folder in
      let others = [".a.0123456789abcdef.tmp", ".a.txt.tmp", ".a.txt.notes.tmp", "a.txt.0123456789abcdef.tmp"]
      for name in others + [".a.txt.0123456789abcdef.tmp"] {
        try Data("x".utf8).write(to: folder.appendingPathComponent(name))
      }
      try AtomicFile.write(Data(), to: folder.appendingPathComponent("a.txt"))
      #expect(try names(in: folder) == (others + ["a.txt"]).sorted())
    }
  }

  @Test func clearsAwayWhatKilledWritersLeftInAFolder() throws {
    try TemporaryFolder.with { folder in
      let mine = [".a.txt.0123456789abcdef.tmp", ".b..fedcba9876543210.tmp", ".c\n.0123456789abcdef.tmp"]
      let others = [".a.0123456789ABCDEF.tmp", "..0123456789abcdef.tmp", ".a.txt.tmp", "a.0123456789abcdef.tmp", "b"]
      for name in mine + others { try Data("x".utf8).write(to: folder.appendingPathComponent(name)) }
      #expect(mine.allSatisfy(AtomicFile.isTemporary) && !others.contains(where: AtomicFile.isTemporary))
      // A folder that was moved aside by a writer killed before it put the new one there.
      let aside = folder.appendingPathComponent(".model.0123456789abcdef.tmp/old")
      try FileManager.default.createDirectory(at: aside, withIntermediateDirectories: true)
      try AtomicFile.write(to: folder.appendingPathComponent("living")) { _ in
        AtomicFile.removeAbandoned(in: folder)
        let left = try names(in: folder).filter(AtomicFile.isTemporary)
        #expect(left.count == 1)
      }
      #expect(try names(in: folder) == (others + ["living", "model"]).sorted())
      AtomicFile.removeAbandoned(in: folder.appendingPathComponent("missing"))
    }
  }

  @Test func leavesTheTemporaryOfALivingWriterAlone() throws {
    try TemporaryFolder.with { folder in
      let url = folder.appendingPathComponent("a.txt")
      try AtomicFile.write(to: url) { file in
        try AtomicFile.write(Data("inner".utf8), to: url)
        try file.write(Array("outer".utf8).span.bytes)
      }
      #expect(try String(contentsOf: url, encoding: .utf8) == "outer")
      #expect(try names(in: folder) == ["a.txt"])
    }
  }

  @Test func manyWritersAtOnceLeaveOneWholeFile() async throws {
    let temporary = try TemporaryFolder()
    let folder = temporary.url
    let url = folder.appendingPathComponent("a")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for i in 0..<8 {
        group.addTask {
          for _ in 0..<20 { try AtomicFile.write(Data(repeating: UInt8(i), count: 100), to: url) }
        }
      }
      try await group.waitForAll()
    }
    let data = try Data(contentsOf: url)
    #expect(data.count == 100)
    #expect(Set(data).count == 1)
    #expect(try names(in: folder) == ["a"])
  }

  @Test func errorsNamePathAndReason() throws {
    try TemporaryFolder.with { folder in
      let url = folder.appendingPathComponent("missing/a.txt")
      let error = #expect(throws: FormatError.self) { try AtomicFile.write(Data(), to: url) }
      #expect(error?.description.contains("missing/a.txt: cannot open it: No such file or directory") == true)
      // A folder cannot be replaced by a file.
      #expect(throws: FormatError.self) { try AtomicFile.write(Data(), to: folder) }
      let left = try names(in: folder)
      #expect(left.isEmpty)
    }
  }
}
