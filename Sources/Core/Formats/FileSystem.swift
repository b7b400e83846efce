import Foundation

/// File operations of Foundation that throw ``FormatError`` with the path and the system's reason.
package enum FileSystem {
  /// Creates a folder and all missing folders above it. An existing folder is left as it is.
  package static func makeFolder(_ url: URL) throws {
    try told(url, "make this folder") {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }
  }

  /// Removes a file, or a folder with all its contents. Does nothing if there is nothing at `url`.
  package static func remove(_ url: URL) throws {
    do {
      try told(url, "remove it") { try FileManager.default.removeItem(at: url) }
    } catch  where (try? FileManager.default.attributesOfItem(atPath: url.path)) == nil {
      return  // it did not exist, or another process removed it meanwhile
    }
  }

  /// Copies a file, or a folder with all its contents, to a path where nothing exists yet.
  package static func copy(_ url: URL, to target: URL) throws {
    try told(target, "copy \(url.path) to it") { try FileManager.default.copyItem(at: url, to: target) }
  }

  /// Moves or renames a file or a folder.
  package static func move(_ url: URL, to target: URL) throws {
    try told(target, "move \(url.path) to it") { try FileManager.default.moveItem(at: url, to: target) }
  }

  /// Copies a file, or a folder of files, atomically: a reader finds either what was there before or the complete copy.
  ///
  /// A file is hard-linked instead of copied where the file system allows it. The caller must therefore never write to either
  /// of the two in place.
  package static func copyAtomically(_ url: URL, to target: URL) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue else {
      return try AtomicFolder.write(to: target) { folder in
        for name in try names(in: url) { try copy(url.appending(path: name), to: folder.appending(path: name)) }
      }
    }
    if link(url.path, target.path) == 0 || errno == EEXIST { return }
    try AtomicFile.write(to: target) { try $0.append(contentsOf: url) }
  }

  /// Returns the sorted names of all files and folders in a folder, including hidden ones.
  package static func names(in folder: URL) throws -> [String] {
    try told(folder, "list it") { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  /// Returns the sorted files that a pattern with `*`, `?` or `[…]` matches. Returns `nil` if the path is none, or if it is the name of
  /// a file.
  package static func matches(of pattern: URL) -> [URL]? {
    let path = pattern.path
    guard path.contains(where: "*?[".contains), !FileManager.default.fileExists(atPath: path) else { return nil }
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(path, 0, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { URL(filePath: String(cString: $0)) } }
  }

  /// Returns all plain files in a folder and the folders below it, sorted by path and without hidden ones.
  ///
  /// If `url` is itself a plain file, it is the only element.
  package static func files(below url: URL) -> [URL] {
    func isPlain(_ url: URL) -> Bool {
      (try? url.resolvingSymlinksInPath().resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) ?? false
    }
    if isPlain(url) { return [url] }
    let all = FileManager.default.enumerator(at: url, includingPropertiesForKeys: nil, options: .skipsHiddenFiles)
    return (all?.compactMap { $0 as? URL } ?? []).filter(isPlain).sorted { $0.path < $1.path }
  }

  /// Returns all bytes of a file, a pipe or a device.
  ///
  /// Throws ``FormatError`` if it cannot be read, or if it is larger than the machine's memory.
  package static func contents(of url: URL) throws -> Data {
    let file = try OpenFile(url, O_RDONLY)
    if let size = try? file.size(), size > ProcessInfo.processInfo.physicalMemory {
      throw FormatError(file: url, "holds \(size) bytes, more than this machine has memory")
    }
    let (bytes, code) = readAll(from: file.descriptor)
    if code != 0 { throw FormatError(file: url, tried: "read it", code: code) }
    return Data(bytes)
  }

  /// Returns the contents of a text file. Throws ``FormatError`` if they are not valid UTF-8.
  package static func text(of url: URL) throws -> String {
    guard let text = String(validating: try contents(of: url), as: UTF8.self) else {
      throw FormatError(file: url, "is not valid UTF-8")
    }
    return text
  }

  private static func told<T>(_ url: URL, _ action: String, _ body: () throws -> T) throws -> T {
    do { return try body() } catch { throw FormatError(file: url, tried: action, error) }
  }
}
