import Foundation

/// A new, hidden file or folder beside `target`, `.NAME.<16 hexadecimal digits>.tmp`, that will take its place.
///
/// Its lock says that the writer lives. The system drops the lock of a killed process, and what is left unlocked is
/// cleared away by the next writer of the same target.
struct TemporaryNeighbour: ~Copyable {
  let target: URL
  let url: URL
  let file: OpenFile

  init(of target: URL, isFolder: Bool) throws {
    self.target = target
    let parent = target.deletingLastPathComponent()
    while true {
      let token = String(UInt64.random(in: 1 << 60 ... .max), radix: 16)
      let url = parent.appendingPathComponent(".\(target.lastPathComponent).\(token).tmp")
      if isFolder && mkdir(url.path, 0o777) != 0 {
        throw FormatError(file: target, tried: "make a temporary folder beside it")
      }
      let file = try OpenFile(url, isFolder ? O_RDONLY : O_WRONLY | O_CREAT | O_EXCL, for: target)
      // Another writer may have cleared it away between its making and its locking; then make another.
      _ = file.lock(waiting: true)
      var there = stat()
      if lstat(url.path, &there) == 0, there.st_ino == (try file.status()).st_ino {
        self.url = url
        self.file = file
        return
      }
    }
  }

  /// Makes a finished rename survive a power failure.
  func synchronizeParent() throws {
    try OpenFile(target.deletingLastPathComponent(), O_RDONLY).synchronize()
  }

  /// Clears away what killed writers of `target` left, and puts back an old folder that one had moved aside.
  static func removeAbandoned(of target: URL) {
    removeAbandoned(in: target.deletingLastPathComponent()) { $0 == target.lastPathComponent }
  }

  /// The same for every target in a folder whose name is wanted.
  static func removeAbandoned(in folder: URL, where isWanted: (_ target: String) -> Bool) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
      guard let target = targetName(of: name), isWanted(target) else { continue }
      let url = folder.appendingPathComponent(name)
      if let file = try? OpenFile(url, O_RDONLY | O_NOFOLLOW | O_NONBLOCK), file.lock(waiting: false) {
        discard(url, of: folder.appendingPathComponent(target))
      }
    }
  }

  /// The name that a temporary will take; `nil` for a name that is none of a temporary.
  static func targetName(of name: String) -> String? {
    name.wholeMatch(of: /\.(.+)\.[0-9a-f]{16}\.tmp/.dotMatchesNewlines()).map { String($0.1) }
  }

  /// Removes a temporary; a folder moved aside into it goes back first when nothing has taken its place.
  static func discard(_ url: URL, of target: URL) {
    if access(target.path, F_OK) != 0 { _ = rename(url.appendingPathComponent("old").path, target.path) }
    try? FileManager.default.removeItem(at: url)
  }
}
