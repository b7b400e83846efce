import Foundation

/// Writes files atomically: a reader finds either the complete old contents or the complete new contents.
///
/// The contents go to a temporary file in the same folder. The file is flushed to the disk and renamed over the path, and then
/// the folder is flushed. If a process is killed in between, the next write to the same path removes its temporary file.
///
/// A symbolic link at the path is followed, and an existing file keeps its permissions. Anything other than a plain file, such
/// as a pipe or a device, is left alone and reported as an error.
public enum AtomicFile {
  /// Writes `data` to `url`.
  ///
  /// - Throws: ``FormatError`` with the path and the system's reason. The old contents are then still in place, unless it was
  ///   the last step that failed, the flush of the folder.
  public static func write(_ data: Data, to url: URL) throws {
    try write(to: url) { try $0.write(data.bytes) }
  }

  /// Writes a file piece by piece: `contents` appends to the open file that it receives.
  ///
  /// - Throws: Any error of `contents`, and ``FormatError``. The old contents of `url` then stay in place.
  package static func write(to url: URL, _ contents: (borrowing OpenFile) throws -> Void) throws {
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

  /// Checks that a file can be written to `url`, so that a long calculation does not fail only when it saves its result.
  ///
  /// - Throws: ``FormatError`` if `url` names something other than a plain file, or if its folder is missing or not writable.
  package static func check(_ url: URL) throws {
    let parent = try destination(of: url, isFolder: false).url.deletingLastPathComponent()
    if access(parent.path, W_OK) != 0 { throw FormatError(file: url, tried: "write to it") }
  }

  /// Removes the temporary files of killed writers in `folder`, and puts back an old folder that one of them had moved aside.
  ///
  /// Temporary files of running writers are left alone, because their writers hold a lock on them.
  package static func removeAbandoned(in folder: URL) { TemporaryNeighbour.removeAbandoned(in: folder) { _ in true } }

  /// Returns whether a name is that of a temporary file or folder, whether or not its writer still runs.
  package static func isTemporary(_ name: String) -> Bool { TemporaryNeighbour.targetName(of: name) != nil }
}
