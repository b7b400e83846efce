import DistillCore
import Foundation

/// A folder of things that one run made and others may use: prepared teachers, their answers.
///
/// Nothing depends on it. What is found there was checked; what is damaged is set aside; and a run goes on where the folder
/// cannot be written, or somebody empties it.
package struct SharedCache {
  private let folder: URL
  private let observe: (TrainingEvent) -> Void

  package init(_ folder: URL, observe: @escaping (TrainingEvent) -> Void = { _ in }) {
    (self.folder, self.observe) = (folder, observe)
  }

  package func url(_ name: String) -> URL { folder.appending(path: name) }

  /// What `open` makes of an entry; nil where there is none. One that it refuses is set aside, as `NAME.damaged`.
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

  /// Does `body` while no other process does the same for this entry.
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

  /// Gives other runs a copy of a file or folder, unless they have one: what happens to a run's files must not reach them.
  package func share(_ made: URL, as name: String) {
    guard !FileManager.default.fileExists(atPath: url(name).path) else { return }
    do {
      try FileSystem.makeFolder(folder)
      try FileSystem.copyAtomically(made, to: url(name))
    } catch { observe(.note("not shared with other runs: \(error)")) }
  }
}
