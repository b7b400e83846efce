import DistillFormats
import Foundation
import TestSupport
import Testing

/// What goes wrong with files and folders is told with the path and the system's words, and nothing of Foundation's.
struct FileSystemTests {
  @Test func errorsNamePathAndReason() throws {
    try TemporaryFolder.with { folder in
      let file = folder.appendingPathComponent("file")
      let long = folder.appendingPathComponent(String(repeating: "n", count: 300))
      let missing = folder.appendingPathComponent("missing")
      try Data([0x61, 0xFF]).write(to: file)
      let below = file.appendingPathComponent("x")
      let cases: [(URL, String, () throws -> Void)] = [
        (file, "File exists", { try FileSystem.makeFolder(file) }),
        (below, "Not a directory", { try FileSystem.makeFolder(below) }),
        (long, "File name too long", { try FileSystem.makeFolder(long) }),
        (missing, "No such file", { _ = try FileSystem.names(in: missing) }),
        (file, "Not a directory", { _ = try FileSystem.names(in: file) }),
        (missing, "No such file", { _ = try FileSystem.contents(of: missing) }),
        (folder, "Is a directory", { _ = try FileSystem.contents(of: folder) }),
        (file, "not valid UTF-8", { _ = try FileSystem.text(of: file) }),
        (file, "File exists", { try FileSystem.copy(folder, to: file) }),
        (long, "File name too long", { try FileSystem.copy(file, to: long) }),
      ]
      for (url, reason, body) in cases {
        let error = #expect(throws: FormatError.self) { try body() }
        let message = error?.message ?? ""
        #expect(error?.file == url.path && message.contains(reason), "\(error?.description ?? "")")
        #expect(!message.contains("Domain"))
      }
    }
  }

  @Test func whatIsNotThereNeedNotBeRemoved() throws {
    try TemporaryFolder.with { folder in
      let url = folder.appendingPathComponent("a/b")
      try FileSystem.remove(url)
      try FileSystem.makeFolder(url)
      try FileSystem.makeFolder(url)
      #expect(try FileSystem.names(in: folder) == ["a"])
      try FileSystem.remove(folder.appendingPathComponent("a"))
      #expect(try names(in: folder) == [])
      // A link is removed itself, also one to nothing.
      let link = folder.appendingPathComponent("link")
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: url)
      try FileSystem.remove(link)
      #expect(try names(in: folder) == [])
    }
  }
}
