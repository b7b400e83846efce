import Foundation

/// Writes files whole: whoever opens the path finds the old contents or the new ones, whatever happens in between.
///
/// The contents go to a temporary file in the same folder, which is flushed to the disk and renamed over the path; then
/// the folder is flushed. What a killed process left is removed by the next write to the same path.
public enum AtomicFile {
  /// Writes `data` to `url`. Throws `FormatError` with the path and the system's reason; `url` is then as it was, unless
  /// only the last flush of its folder failed.
  public static func write(_ data: Data, to url: URL) throws {
    try write(to: url) { try $0.write(data.bytes) }
  }

  /// Writes what `contents` appends to the file it is handed. When it throws, `url` stays as it was.
  public static func write(to url: URL, _ contents: (borrowing OpenFile) throws -> Void) throws {
    let url = url.standardizedFileURL
    TemporaryNeighbour.removeAbandoned(of: url)
    let temporary = try TemporaryNeighbour(of: url, isFolder: false)
    do {
      try contents(temporary.file)
      try temporary.file.synchronize()
      if rename(temporary.url.path, url.path) != 0 { throw FormatError(file: url, tried: "put it in place") }
    } catch {
      TemporaryNeighbour.discard(temporary.url, of: url)
      throw error
    }
    try temporary.synchronizeParent()
  }
}
