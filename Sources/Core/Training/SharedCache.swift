import DistillCore
import Foundation

/// A folder with things that one run has made and others can use: prepared teachers and their answers.
///
/// No run depends on this folder. An entry is checked before it is used, and a damaged one is set aside. If the folder cannot
/// be written or is emptied meanwhile, the run continues without it.
package struct SharedCache {
  private let folder: URL
  private let observe: (TrainingEvent) -> Void

  package init(_ folder: URL, observe: @escaping (TrainingEvent) -> Void = { _ in }) {
    (self.folder, self.observe) = (folder, observe)
  }

  package func url(_ name: String) -> URL { folder.appending(path: name) }

  /// Returns the result of `open` for an entry, or `nil` if there is no such entry. An entry for which `open` throws is renamed
  /// to `NAME.damaged`.
  package func find<Entry>(_ name: String, _ open: (URL) throws -> Entry) -> Entry? {
    let entry = url(name)
    guard FileManager.default.fileExists(atPath: entry.path) else { return nil }
    do { return try open(entry) } catch {
      let aside = url(name + ".damaged")
      do {
        try FileSystem.remove(aside)
        try FileSystem.move(entry, to: aside)
        observe(.note("set aside as \(aside.lastPathComponent) and made again: \(error)"))
      } catch let obstacle { observe(.note("passed over: \(error) (\(obstacle))")) }
      return nil
    }
  }

  /// Calls `body` while no other process does so for the same entry.
  ///
  /// - Parameters:
  ///   - name: The name of the entry.
  ///   - stop: Called again and again while another process holds the lock. It can throw to end the wait.
  ///   - body: The work. It is also done if no lock can be taken, because then nothing can be shared.
  package func alone<T>(_ name: String, stop: () throws -> Void = {}, _ body: () throws -> T) throws -> T {
    var lock: FileLock?
    var isTold = false
    do {
      try FileSystem.makeFolder(folder)
      AtomicFile.removeAbandoned(in: folder)
      lock = try FileLock(waitingFor: url(".\(name).lock")) { held in
        try stop()
        if !isTold { observe(.note("waiting for \(url(name).path), \(held)")) }
        isTold = true
      }
    } catch let error as FormatError {
      observe(.note("not shared with other runs: \(error)"))
    }
    return try withExtendedLifetime(lock) { try body() }
  }

  /// Gives other runs a copy of a file or folder, unless they have one already.
  ///
  /// It is a copy because later changes to this run's files must not affect other runs.
  package func share(_ made: URL, as name: String) {
    guard !FileManager.default.fileExists(atPath: url(name).path) else { return }
    do {
      try FileSystem.makeFolder(folder)
      try FileSystem.copyAtomically(made, to: url(name))
    } catch { observe(.note("not shared with other runs: \(error)")) }
  }
}
