import Foundation

/// Writes files whole: whoever opens the path finds the old contents or the new ones, whatever happens in between.
///
/// The contents go to a temporary file in the same folder, which is flushed to the disk and renamed over the path; then
/// the folder is flushed. What a killed process left is removed by the next write to the same path.
///
/// A link at the path is followed, a file keeps its permissions, and what is no plain file is not replaced.
public enum AtomicFile {
  /// Writes `data` to `url`. Throws `FormatError` with the path and the system's reason; `url` is then as it was, unless
  /// only the last flush of its folder failed.
  public static func write(_ data: Data, to url: URL) throws {
    try write(to: url) { try $0.write(data.bytes) }
  }

  /// Writes what `contents` appends to the file it is handed. When it throws, `url` stays as it was.
  public static func write(to url: URL, _ contents: (borrowing OpenFile) throws -> Void) throws {
    let (url, permissions) = try destination(of: url, isFolder: false)
    TemporaryNeighbour.removeAbandoned(of: url)
    let temporary = try TemporaryNeighbour(of: url, isFolder: false)
    do {
      if let permissions { temporary.file.allow(permissions) }
      try contents(temporary.file)
      try temporary.file.synchronize()
      if rename(temporary.url.path, url.path) != 0 { throw FormatError(file: url, tried: "put it in place") }
    } catch {
      TemporaryNeighbour.discard(temporary.url, of: url)
      throw error
    }
    try temporary.synchronizeParent()
  }

  /// Tells before anything is calculated for a file that something is in its place.
  ///
  /// - Throws: `FormatError` where what lies at `url` is no plain file, or where there is no folder for it.
  public static func check(_ url: URL) throws {
    let parent = try destination(of: url, isFolder: false).url.deletingLastPathComponent()
    if access(parent.path, W_OK) != 0 { throw FormatError(file: url, tried: "write to it") }
  }

  /// Clears away what killed writers of any file or folder in `folder` left there, and puts back an old folder that one
  /// of them had moved aside. What a living writer is at is left alone.
  public static func removeAbandoned(in folder: URL) { TemporaryNeighbour.removeAbandoned(in: folder) { _ in true } }

  /// Whether a name is that of a temporary, of a living writer or a killed one.
  public static func isTemporary(_ name: String) -> Bool { TemporaryNeighbour.targetName(of: name) != nil }
}
