import Foundation

/// Writes folders atomically: a reader finds either the old folder or the new one, never a mixture of both.
///
/// The new folder is built inside a temporary sibling and flushed to the disk file by file. Then the old and the new folder
/// trade places in one system call. A file system that lacks this call needs two renames, the first of which moves the old
/// folder aside. If the process is killed between them, the path is empty until the next `write` or `recover` puts the old
/// folder back.
///
/// A symbolic link at the path is followed, and an existing folder keeps its permissions. Anything other than a folder is left
/// alone and reported as an error.
package enum AtomicFolder {
  /// Creates or replaces the folder at `url`: `build` receives an empty temporary folder and fills it.
  ///
  /// - Throws: Any error of `build`, and ``FormatError`` with the path and the system's reason. The old folder is then still in
  ///   place, unless it was the last step that failed, the flush of the parent folder.
  package static func write(to url: URL, _ build: (URL) throws -> Void) throws {
    try write(to: url, exchange: exchange, afterStep: {}, build)
  }

  /// Removes what a killed writer of `url` left behind, and puts the old folder back if the writer had moved it aside.
  package static func recover(_ url: URL) {
    if let target = try? destination(of: url, isFolder: true).url { TemporaryNeighbour.removeAbandoned(of: target) }
  }

  /// Does the work of `write(to:_:)`, with parameters that let a test inspect the disk after each step.
  package static func write(
    to url: URL, exchange: (URL, URL) -> Bool, afterStep: () throws -> Void, _ build: (URL) throws -> Void
  ) throws {
    recover(url)
    let (url, permissions) = try destination(of: url, isFolder: true)
    let temporary = try TemporaryNeighbour(of: url, isFolder: true)
    defer { TemporaryNeighbour.discard(temporary.url, of: url) }
    let new = temporary.url.appendingPathComponent("new")
    if mkdir(new.path, 0o777) != 0 { throw FormatError(file: url, tried: "make a temporary folder beside it") }
    try afterStep()
    try build(new)
    try afterStep()
    if let permissions { try OpenFile(new, O_RDONLY).allow(permissions) }
    try synchronize(new)
    // A plain rename is enough if there is no folder at the path yet, or an empty one.
    if rename(new.path, url.path) != 0 {
      guard errno == ENOTEMPTY || errno == EEXIST else { throw FormatError(file: url, tried: "put it in place") }
      if !exchange(new, url) {
        let old = temporary.url.appendingPathComponent("old")
        if rename(url.path, old.path) != 0 { throw FormatError(file: url, tried: "move the old folder aside") }
        try afterStep()
        if rename(new.path, url.path) != 0 { throw FormatError(file: url, tried: "put it in place") }
      }
    }
    try afterStep()
    try temporary.synchronizeParent()
  }

  private static func synchronize(_ folder: URL) throws {
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      let url = folder.appendingPathComponent(path)
      let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: url.path)) != nil
      if !isLink { try OpenFile(url, O_RDONLY | O_NONBLOCK).synchronize() }
    }
    try OpenFile(folder, O_RDONLY).synchronize()
  }

  /// Lets two paths trade places in one system call. Returns `false` if the system or the file system does not support it.
  package static func exchange(_ one: URL, _ other: URL) -> Bool {
    #if canImport(Darwin)
      return renamex_np(one.path, other.path, UInt32(RENAME_SWAP)) == 0
    #else
      // The C library has this function, but the headers that Swift imports do not declare it.
      typealias Rename = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
      guard let symbol = dlsym(nil, "renameat2") else { return false }
      let exchangeFlag: UInt32 = 2  // RENAME_EXCHANGE of linux/fs.h
      return unsafeBitCast(symbol, to: Rename.self)(AT_FDCWD, one.path, AT_FDCWD, other.path, exchangeFlag) == 0
    #endif
  }
}
