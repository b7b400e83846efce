import Foundation

/// Returns the path that a write to `url` has to replace.
///
/// Symbolic links are followed, because renaming a new file over a link would replace the link and not its target. Only a plain
/// file may be replaced by a file, and only a folder by a folder.
///
/// - Returns: The path without links, and the permissions of the existing file or folder, or `nil` if there is none.
/// - Throws: ``FormatError`` if the path names something of another kind, or cannot be followed, as a circle of links.
func destination(of url: URL, isFolder: Bool) throws -> (url: URL, permissions: mode_t?) {
  var status = stat()
  if stat(url.path, &status) == 0 {
    guard status.st_mode & S_IFMT == (isFolder ? S_IFDIR : S_IFREG), let path = resolved(url.path) else {
      throw FormatError(
        file: url,
        "is \(kind(of: status.st_mode)) and no \(isFolder ? "folder" : "plain file"); it is left as it is, "
          + "choose another path")
    }
    return (URL(filePath: path), status.st_mode & 0o777)
  }
  guard errno == ENOENT else { throw FormatError(file: url, tried: "write to it") }
  // Nothing exists at the path, or a link there points to a path where nothing exists yet. The loop ends, because `stat` reports
  // a circle of links as another error.
  var path = url.path
  while true {
    let parent = (path as NSString).deletingLastPathComponent
    let folder = resolved(parent.isEmpty ? "." : parent) ?? parent
    path = (folder as NSString).appendingPathComponent((path as NSString).lastPathComponent)
    guard let link = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { break }
    path = link.hasPrefix("/") ? link : "\(folder)/\(link)"
  }
  return (URL(filePath: path), nil)
}

private func resolved(_ path: String) -> String? {
  guard let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}

private func kind(of mode: mode_t) -> String {
  switch mode & S_IFMT {
  case S_IFREG: "a file"
  case S_IFDIR: "a folder"
  case S_IFIFO: "a named pipe"
  case S_IFSOCK: "a socket"
  default: "a device"
  }
}
