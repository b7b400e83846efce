import Foundation

/// Writes folders whole: whoever opens the path finds the old folder or the new one, never a mixture.
///
/// The new folder is built inside a temporary sibling and flushed to the disk file by file; then the two trade places in
/// one step. On a file system without that step the old one moves aside first. A process killed between those two
/// renames leaves nothing at the path, until the next `write` or `recover` puts the old folder back.
///
/// A link at the path is followed, a folder keeps its permissions, and what is no folder is not replaced.
public enum AtomicFolder {
  /// Puts what `build` writes into the folder it is handed at `url`, in place of a folder that may be there.
  ///
  /// Throws what `build` throws, or `FormatError` with the path and the system's reason; `url` is then as it was,
  /// unless only the last flush of its parent failed.
  public static func write(to url: URL, _ build: (URL) throws -> Void) throws {
    try write(to: url, exchange: exchange, afterStep: {}, build)
  }

  /// Clears away what a killed writer of `url` left behind, and puts the old folder back if it was moved aside.
  public static func recover(_ url: URL) {
    if let target = try? destination(of: url, isFolder: true).url { TemporaryNeighbour.removeAbandoned(of: target) }
  }

  /// `write` with its parts exchangeable, so that a test can look at the disk after each step.
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
    // A plain rename does when there is no folder yet, or an empty one.
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

  /// Lets two paths trade places in one step. `false` when this system or file system cannot.
  package static func exchange(_ one: URL, _ other: URL) -> Bool {
    #if canImport(Darwin)
      return renamex_np(one.path, other.path, UInt32(RENAME_SWAP)) == 0
    #else
      // The C library has it, but not the headers that Swift sees.
      typealias Rename = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
      guard let symbol = dlsym(nil, "renameat2") else { return false }
      let exchangeFlag: UInt32 = 2  // RENAME_EXCHANGE of linux/fs.h
      return unsafeBitCast(symbol, to: Rename.self)(AT_FDCWD, one.path, AT_FDCWD, other.path, exchangeFlag) == 0
    #endif
  }
}
