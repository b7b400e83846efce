import DistillFormats
import Foundation
import TestSupport
import Testing

/// Damage to what carries checksums is noticed, wherever it is.
struct SealTests {
  private func safetensors(in folder: URL) throws -> URL {
    let url = folder.appending(path: "sealed.safetensors")
    var writer = SafetensorsWriter(metadata: ["about": "a \"test\""], sealed: true)
    writer.add("floats", shape: [2, 3], floats: { [1, 2, 3, 4, 5, 6] })
    writer.add("integers", shape: [2], integers: { [7, 8] })
    try writer.write(to: url)
    return url
  }

  @Test func everyBitOfASealedFileCounts() throws {
    try TemporaryFolder.with { folder in
      let url = try safetensors(in: folder)
      let reader = try SafetensorsReader(url)
      try reader.checkSeal()
      #expect(reader.metadata["about"] == "a \"test\"")
      #expect(try reader.floats(named: "floats") == [1, 2, 3, 4, 5, 6])
      let whole = try Data(contentsOf: url)
      for bit in 0..<whole.count * 8 {
        var bytes = whole
        bytes[bit / 8] ^= 1 << (bit % 8)
        try bytes.write(to: url)
        #expect(throws: FormatError.self, "bit \(bit)") { try SafetensorsReader(url).checkSeal() }
      }
    }
  }

  @Test func aFileWithoutASealIsNotBelieved() throws {
    try TemporaryFolder.with { folder in
      let url = folder.appending(path: "plain.safetensors")
      var writer = SafetensorsWriter()
      writer.add("a", shape: [1], floats: { [1] })
      try writer.write(to: url)
      #expect(throws: FormatError.self) { try SafetensorsReader(url).checkSeal() }
    }
  }

  @Test func aSealedFolderIsWholeOrRefused() throws {
    try TemporaryFolder.with { parent in
      let folder = parent.appending(path: "folder")
      try SealedFolder.write(to: folder) {
        try Data("one".utf8).write(to: $0.appending(path: "a b"))
        try Data().write(to: $0.appending(path: "empty"))
      }
      try SealedFolder.check(folder)
      // As `sha256sum` prints it.
      let list = folder.appending(path: "SHA256SUMS")
      let text = """
        7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed  a b
        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  empty

        """
      #expect(try String(contentsOf: list, encoding: .utf8) == text)
      func refuses(_ what: String, _ file: String, _ change: () throws -> Void) throws {
        try change()
        let error = #expect(throws: FormatError.self) { try SealedFolder.check(folder) }
        #expect(
          error?.message.contains(what) == true && error?.file.hasSuffix(file) == true, "\(String(describing: error))")
        try Data("one".utf8).write(to: folder.appending(path: "a b"))
        try Data(text.utf8).write(to: list)
        try SealedFolder.check(folder)
      }
      try refuses("is damaged", "/a b") { try Data("onf".utf8).write(to: folder.appending(path: "a b")) }
      try refuses("is missing", "/a b") { try FileManager.default.removeItem(at: folder.appending(path: "a b")) }
      try refuses("is missing", "SHA256SUMS") { try FileManager.default.removeItem(at: list) }
      try refuses("is damaged", "/a b") { try Data(text.replacing("7692", with: "7693").utf8).write(to: list) }
      try refuses("is damaged", "SHA256SUMS") { try Data((text + "junk\n").utf8).write(to: list) }
      try refuses("is damaged", "SHA256SUMS") { try Data(text.replacing("a b", with: "../a").utf8).write(to: list) }
    }
  }

  @Test func aLockIsHeldByOne() throws {
    try TemporaryFolder.with { folder in
      let url = folder.appending(path: ".x.lock")
      var first: FileLock? = try FileLock(url)
      let held = #expect(throws: FileLock.Held.self) { try FileLock(url) }
      #expect(held?.holder.hasPrefix("process \(getpid()) on ") == true)
      FileLock.clearAbandoned(in: folder)
      #expect(throws: FileLock.Held.self) { try FileLock(url) }
      var asked = 0
      _ = try FileLock(waitingFor: url) { _ in
        asked += 1
        if asked == 2 { first = nil }
      }
      #expect(asked == 2 && first == nil)
      #expect(try Data(contentsOf: url).isEmpty, "nobody holds it")
      try Data("process 1".utf8).write(to: url)
      FileLock.clearAbandoned(in: folder)
      #expect(try Data(contentsOf: url).isEmpty)
      #expect(throws: FormatError.self) { try FileLock(folder) }
    }
  }

  #if os(Linux)
    /// A process that is started while a lock is held copies the descriptor for a moment, and the lock must not last so long.
    @Test func aCopyOfTheDescriptorDoesNotKeepTheLock() throws {
      try TemporaryFolder.with { folder in
        let url = folder.appending(path: ".lock")
        var lock: FileLock? = try FileLock(url)
        #expect(throws: FileLock.Held.self) { try FileLock(url) }
        let all = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        let own = all.compactMap { Int32($0) }.filter {
          let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
          return target?.hasSuffix("\(folder.lastPathComponent)/.lock") == true
        }
        let copy = dup(try #require(own.first))
        defer { close(copy) }
        lock = nil
        #expect(throws: Never.self) { try FileLock(url) }
        _ = lock
      }
    }
  #endif
}
