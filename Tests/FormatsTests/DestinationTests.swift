import DistillFormats
import Foundation
import TestSupport
import Testing

/// What lies at the path of a write: links are followed, and nothing but a plain file or a folder is replaced.
struct DestinationTests {
  private func link(_ url: URL, to path: String) throws {
    try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: path)
  }

  private func target(_ url: URL) throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: url.path)
  }

  @Test(arguments: [false, true]) func aLinkIsFollowed(isThere: Bool) throws {
    try TemporaryFolder.with { root in
      for name in ["real", "real/deep", "links"] { try FileSystem.makeFolder(root.appendingPathComponent(name)) }
      let file = root.appendingPathComponent("real/file")
      if isThere { try Data("old".utf8).write(to: file) }
      // A chain over a link to a folder: `..` behind it means the parent of what it leads to.
      try link(root.appendingPathComponent("links/folder"), to: "../real/deep")
      try link(root.appendingPathComponent("links/second"), to: "folder/../file")
      try link(root.appendingPathComponent("links/first"), to: root.appendingPathComponent("links/second").path)
      let first = root.appendingPathComponent("links/first")
      try AtomicFile.write(to: first) { file in
        let beside = try names(in: root.appendingPathComponent("real"))
        #expect(beside.contains(where: AtomicFile.isTemporary))
        try file.write(Array("new".utf8).span.bytes)
      }
      #expect(try FileSystem.text(of: file) == "new")
      #expect(try target(root.appendingPathComponent("links/second")) == "folder/../file")
      #expect(try target(first) == root.appendingPathComponent("links/second").path)
      #expect(try names(in: root.appendingPathComponent("real")) == ["deep", "file"])
    }
  }

  @Test func aLinkToAFolderIsFollowed() throws {
    try TemporaryFolder.with { root in
      let link = root.appendingPathComponent("link")
      try self.link(link, to: "model")
      for text in ["first", "second"] {  // the first time it leads to nothing
        try AtomicFolder.write(to: link) { try Data(text.utf8).write(to: $0.appendingPathComponent("a")) }
        #expect(try FileSystem.text(of: root.appendingPathComponent("model/a")) == text)
        #expect(try target(link) == "model")
        #expect(try names(in: root) == ["link", "model"])
      }
    }
  }

  @Test func whatIsNoPlainFileIsLeftAsItIs() throws {
    try TemporaryFolder.with { root in
      #expect(mkfifo(root.appendingPathComponent("pipe").path, 0o600) == 0)
      #expect(mknod(root.appendingPathComponent("socket").path, S_IFSOCK | 0o600, 0) == 0)
      try FileSystem.makeFolder(root.appendingPathComponent("folder"))
      try Data("old".utf8).write(to: root.appendingPathComponent("file"))
      try link(root.appendingPathComponent("toPipe"), to: "pipe")
      try link(root.appendingPathComponent("circle"), to: "circle")
      let before = try names(in: root)
      let cases: [(String, isFolder: Bool, saying: String)] = [
        ("pipe", false, "is a named pipe"), ("pipe", true, "is a named pipe"), ("toPipe", false, "is a named pipe"),
        ("socket", false, "is a socket"), ("folder", false, "is a folder"), ("file", true, "is a file"),
        ("/dev/null", false, "is a device"), ("/dev/null", true, "is a device"), ("circle", false, "symbolic links"),
        ("circle", true, "symbolic links"), ("file/x", false, "Not a directory"),
        (String(repeating: "n", count: 300), false, "File name too long"), ("missing/x", true, "No such file"),
      ]
      for (name, isFolder, saying) in cases {
        let url = name.hasPrefix("/") ? URL(filePath: name) : root.appendingPathComponent(name)
        let error = #expect(throws: FormatError.self) {
          if isFolder { try AtomicFolder.write(to: url) { _ in } } else { try AtomicFile.write(Data(), to: url) }
        }
        #expect(error?.message.contains(saying) == true, "\(name): \(error?.description ?? "")")
        #expect(try names(in: root) == before)
      }
    }
  }

  @Test func permissionsAreKept() throws {
    try TemporaryFolder.with { root in
      func permissions(_ url: URL) throws -> Int? {
        (try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? NSNumber)?.intValue
      }
      let (file, folder) = (root.appendingPathComponent("file"), root.appendingPathComponent("folder"))
      for mode in [0o600, 0o640, 0o755, 0o777] {
        try AtomicFile.write(Data(), to: file)
        try AtomicFolder.write(to: folder) { _ in }
        for url in [file, folder] {
          try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
        }
        try AtomicFile.write(Data("new".utf8), to: file)
        try AtomicFolder.write(to: folder) { try Data().write(to: $0.appendingPathComponent("a")) }
        #expect(try permissions(file) == mode && permissions(folder) == mode)
      }
    }
  }
}
