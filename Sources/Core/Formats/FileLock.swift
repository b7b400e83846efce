import Foundation

/// The lock of a file that stays where it is: one process at a time holds it, and the system takes it back when that process
/// ends, however it ends. While it is held, the file says who holds it.
public final class FileLock: Sendable {
  private let file: OpenFile

  /// Somebody else holds the lock.
  public struct Held: Error, CustomStringConvertible, Sendable {
    /// Such as `process 4711 on lupin since 2026-02-03T10:11:12Z`.
    public let holder: String
    public var description: String { "in use by \(holder)" }
  }

  /// Takes the lock of `url`, a file that is made if need be.
  /// - Throws: ``Held``, or `FormatError` where the file cannot be opened or locked.
  public init(_ url: URL) throws {
    while true {
      let file = try OpenFile(url, O_RDWR | O_CREAT)
      guard file.lock(waiting: false) else {
        guard errno == EWOULDBLOCK else { throw FormatError(file: url, tried: "lock it") }
        throw Held(holder: try Self.holder(file))
      }
      // Somebody may have removed the file between its opening and its locking; then lock the one that is there now.
      var there = stat()
      guard lstat(url.path, &there) == 0, there.st_ino == (try file.status()).st_ino else { continue }
      try file.truncate(to: 0)
      let start = Date.now.formatted(.iso8601)
      let holder = "process \(getpid()) on \(ProcessInfo.processInfo.hostName) since \(start)"
      try file.write(Array(holder.utf8).span.bytes)
      self.file = file
      return
    }
  }

  /// Who holds a lock; whoever took it just now may not have written it yet.
  private static func holder(_ file: borrowing OpenFile) throws -> String {
    for _ in 0..<20 {
      let holder = try file.bytes(at: 0, count: min(try file.size(), 200))
      if !holder.isEmpty { return String(decoding: holder, as: UTF8.self) }
      Thread.sleep(forTimeInterval: 0.01)
    }
    return "another process"
  }

  /// Takes the lock as soon as nobody else holds it. `isHeld` is asked again and again meanwhile; what it throws ends the wait.
  public convenience init(waitingFor url: URL, isHeld: (Held) throws -> Void) throws {
    while true {
      do {
        try self.init(url)
        return
      } catch let held as Held {
        try isHeld(held)
        Thread.sleep(forTimeInterval: 0.05)
      }
    }
  }

  deinit {
    // What is left here if both fail misleads nobody: whether the lock is held is the system's to say.
    do { try file.truncate(to: 0) } catch { try? file.truncate(to: 0) }
  }

  /// Empties the locks in a folder, `.NAME.lock`, whose holders were killed.
  public static func clearAbandoned(in folder: URL) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    where name.hasPrefix(".") && name.hasSuffix(".lock") {
      guard let file = try? OpenFile(folder.appending(path: name), O_RDWR | O_NOFOLLOW | O_NONBLOCK),
        file.lock(waiting: false), let size = try? file.size(), size > 0
      else { continue }
      try? file.truncate(to: 0)
    }
  }
}
