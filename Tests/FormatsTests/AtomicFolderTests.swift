import DistillFormats
import Foundation
import TestSupport
import Testing

struct AtomicFolderTests {
  private static let exchanges: [@Sendable (URL, URL) -> Bool] = [
    { AtomicFolder.exchange($0, $1) },
    { _, _ in false },  // a file system that cannot
  ]

  private func build(_ text: String, in folder: URL) throws {
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("sub"), withIntermediateDirectories: false)
    try Data(text.utf8).write(to: folder.appendingPathComponent("one"))
    try Data(text.utf8).write(to: folder.appendingPathComponent("sub/two"))
  }

  /// What both files of a whole folder say; `nil` when there is none, or only part of one.
  private func contents(of folder: URL) -> String? {
    let one = try? String(contentsOf: folder.appendingPathComponent("one"), encoding: .utf8)
    let two = try? String(contentsOf: folder.appendingPathComponent("sub/two"), encoding: .utf8)
    return one == two ? one : nil
  }

  @Test(arguments: 0..<2) func replacesAFolder(exchange: Int) throws {
    try TemporaryFolder.with { root in
      let url = root.appendingPathComponent("model")
      for text in ["first", "second", "third"] {
        try AtomicFolder.write(to: url, exchange: Self.exchanges[exchange], afterStep: {}) { folder in
          try build(text, in: folder)
          #expect(contents(of: url) != text)
        }
        #expect(contents(of: url) == text)
        #expect(try names(in: url) == ["one", "sub"])
        #expect(try names(in: root) == ["model"])
      }
    }
  }

  /// A copy of the disk after each step is what a kill there leaves: nobody holds the locks of the copy.
  @Test(arguments: 0..<2) func aKillAtAnyStepLeavesTheOldOrTheNewFolder(exchange: Int) throws {
    try TemporaryFolder.with { root in
      let place = root.appendingPathComponent("place")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
      let url = place.appendingPathComponent("model")
      try AtomicFolder.write(to: url) { try build("old", in: $0) }
      var copies: [URL] = []
      let snapshot = {
        copies.append(root.appendingPathComponent("copy\(copies.count)"))
        try FileManager.default.copyItem(at: place, to: copies[copies.count - 1])
      }
      try AtomicFolder.write(to: url, exchange: Self.exchanges[exchange], afterStep: snapshot) {
        try build("new", in: $0)
      }
      #expect(copies.count == 3 + exchange)
      for (step, copy) in copies.enumerated() {
        let url = copy.appendingPathComponent("model")
        let isLast = step == copies.count - 1
        #expect(try names(in: copy).count == (exchange == 1 && step == 2 ? 1 : 2), "step \(step)")
        // With an exchange there is a whole folder at every moment, without anybody's help.
        if exchange == 0 { #expect(contents(of: url) == (isLast ? "new" : "old"), "step \(step)") }
        AtomicFolder.recover(url)
        #expect(contents(of: url) == (isLast ? "new" : "old"), "step \(step)")
        #expect(try names(in: copy) == ["model"], "step \(step)")
      }
    }
  }

  @Test(arguments: 0..<2, 0..<4) func anErrorAtAnyStepLeavesTheOldOrTheNewFolder(exchange: Int, failing: Int) throws {
    struct Interruption: Error {}
    try TemporaryFolder.with { root in
      let url = root.appendingPathComponent("model")
      try AtomicFolder.write(to: url) { try build("old", in: $0) }
      var step = 0
      let interrupt = {
        defer { step += 1 }
        if step == failing { throw Interruption() }
      }
      try? AtomicFolder.write(to: url, exchange: Self.exchanges[exchange], afterStep: interrupt) {
        try build("new", in: $0)
      }
      #expect(contents(of: url) == (failing < 2 + exchange ? "old" : "new"))
      #expect(try names(in: root) == ["model"])
    }
  }

  @Test func aFileIsNotReplacedByAFolder() throws {
    try TemporaryFolder.with { root in
      let url = root.appendingPathComponent("model")
      try AtomicFile.write(Data("text".utf8), to: url)
      let error = #expect(throws: FormatError.self) { try AtomicFolder.write(to: url) { try build("new", in: $0) } }
      #expect(error?.file == url.path)
      #expect(try String(contentsOf: url, encoding: .utf8) == "text")
      #expect(try names(in: root) == ["model"])
    }
  }
}
