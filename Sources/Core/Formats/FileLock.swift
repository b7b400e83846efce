import Foundation

/// A lock on a file, which one process at a time can hold.
///
/// The system releases the lock when the process ends, even if the process is killed. While the lock is held, the file contains
/// a description of its holder. The file stays in place when the lock is released.
package final class FileLock: Sendable {
  private let file: OpenFile

  /// The error that another process holds the lock.
  package struct Held: Error, CustomStringConvertible, Sendable {
    /// A description of the holder, such as `process 4711 on lupin since 2026-02-03T10:11:12Z`.
    package let holder: String
    package var description: String { "in use by \(holder)" }
  }

  /// Takes the lock on `url`, and creates the file if it does not exist.
  ///
  /// - Throws: ``Held`` if another process holds the lock, ``FormatError`` if the file cannot be opened or locked.
  package init(_ url: URL) throws {
    while true {
      let file = try OpenFile(url, O_RDWR | O_CREAT)
      guard file.lock(waiting: false) else {
        guard errno == EWOULDBLOCK else { throw FormatError(file: url, tried: "lock it") }
        throw Held(holder: try Self.holder(file))
      }
      // Another process may have removed the file after it was opened here and before it was locked. The lock would then be on
      // a file that nobody else can open, so the next round opens the file that is at the path now.
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

  /// Returns a description of the process that holds the lock on a file, or `nil` if none does.
  ///
  /// An empty file tells that nobody holds it. Otherwise the lock is tried for a moment, because its holder may have been killed.
  /// - Throws: ``FormatError`` if the file cannot be read.
  package static func holder(of url: URL) throws -> String? {
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    let file = try OpenFile(url, O_RDONLY | O_NONBLOCK)
    if try file.size() == 0 || file.lock(waiting: false) { return nil }
    return try holder(file)
  }

  /// Returns the description of the holder, and waits up to 0.2 seconds for a process that has the lock but has not written yet.
  private static func holder(_ file: borrowing OpenFile) throws -> String {
    for _ in 0..<20 {
      let holder = try file.bytes(at: 0, count: min(try file.size(), 200))
      if !holder.isEmpty { return String(decoding: holder, as: UTF8.self) }
      Thread.sleep(forTimeInterval: 0.01)
    }
    return "another process"
  }

  /// Waits until no other process holds the lock on `url`, and takes it.
  ///
  /// `isHeld` is called every 50 milliseconds while another process holds the lock. If it throws an error, the wait ends.
  package convenience init(waitingFor url: URL, isHeld: (Held) throws -> Void) throws {
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
    // If both attempts fail, a stale description stays in the file. That is harmless, because the system decides whether the
    // lock is held.
    do { try file.truncate(to: 0) } catch { try? file.truncate(to: 0) }
  }

  /// Empties the lock files (`.NAME.lock`) in a folder whose holders were killed.
  package static func clearAbandoned(in folder: URL) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    where name.hasPrefix(".") && name.hasSuffix(".lock") {
      guard let file = try? OpenFile(folder.appending(path: name), O_RDWR | O_NOFOLLOW | O_NONBLOCK),
        file.lock(waiting: false), let size = try? file.size(), size > 0
      else { continue }
      try? file.truncate(to: 0)
    }
  }
}
