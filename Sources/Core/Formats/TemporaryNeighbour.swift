import Foundation

/// A new, hidden file or folder beside `target` that will replace it, called `.NAME.<16 hexadecimal digits>.tmp`.
///
/// The writer holds a lock on it for as long as it runs. The system releases the lock of a killed process, and the next writer
/// of the same target removes what is not locked.
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
      // Another writer may have removed it after it was created and before it was locked. In that case a new one is created.
      _ = file.lock(waiting: true)
      var there = stat()
      if lstat(url.path, &there) == 0, there.st_ino == (try file.status()).st_ino {
        self.url = url
        self.file = file
        return
      }
    }
  }

  /// Flushes the parent folder, so that a finished rename survives a power failure.
  func synchronizeParent() throws {
    try OpenFile(target.deletingLastPathComponent(), O_RDONLY).synchronize()
  }

  /// Removes the temporaries of killed writers of `target`, and puts back an old folder that one of them had moved aside.
  static func removeAbandoned(of target: URL) {
    removeAbandoned(in: target.deletingLastPathComponent()) { $0 == target.lastPathComponent }
  }

  /// Removes the temporaries of killed writers in a folder, for the targets that `isWanted` accepts.
  static func removeAbandoned(in folder: URL, where isWanted: (_ target: String) -> Bool) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
      guard let target = targetName(of: name), isWanted(target) else { continue }
      let url = folder.appendingPathComponent(name)
      if let file = try? OpenFile(url, O_RDONLY | O_NOFOLLOW | O_NONBLOCK), file.lock(waiting: false) {
        discard(url, of: folder.appendingPathComponent(target))
      }
    }
  }

  /// Returns the name of the target of a temporary, or `nil` if `name` is not the name of a temporary.
  static func targetName(of name: String) -> String? {
    name.wholeMatch(of: /\.(.+)\.[0-9a-f]{16}\.tmp/.dotMatchesNewlines()).map { String($0.1) }
  }

  /// Removes a temporary.
  ///
  /// If it contains the old folder and nothing is at `target`, a writer was killed between its two renames. The old folder is
  /// then moved back first.
  static func discard(_ url: URL, of target: URL) {
    if access(target.path, F_OK) != 0 { _ = rename(url.appendingPathComponent("old").path, target.path) }
    try? FileManager.default.removeItem(at: url)
  }
}
