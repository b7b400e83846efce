import Foundation

/// Where a write to a path goes. Links are followed, and nothing but a plain file, or a folder, is ever replaced.
///
/// - Returns: the path behind all links, and the permissions of what is there.
/// - Throws: `FormatError` where something else lies at the path, or a link leads nowhere.
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
  // Nothing is there, or a link to what is not there yet. A circle of links is another error, so this ends.
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
