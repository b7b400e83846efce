import DistillCore
import DistillPipeline
import Foundation
import Synchronization

/// A run as it was at one time. A request is answered by the one that was current when it came, even if another takes its place meanwhile.
final class OpenedRun: Sendable {
  /// What the run is called in paths: the name of its folder.
  let name: String
  /// Which of the states of the folder this is, counted from 1 when the server was started.
  let version: Int
  let finished: FinishedRun
  let time: Date

  init(name: String, version: Int, finished: FinishedRun) {
    (self.name, self.version, self.finished, time) = (name, version, finished, .now)
  }
}

/// The place of a run, whose folder may change while the server works.
final class RunPlace: Sendable {
  let name: String
  let folder: URL
  private let registry: PluginRegistry
  private let precision: Precision?
  private let metrics: ServerMetrics
  private let opened: Mutex<OpenedRun>
  /// What the folder was like when it was last opened or could not be opened.
  private let seen: Mutex<[String]>
  /// Changes of the folder and openings, one after the other.
  private let changes: DispatchQueue

  init(_ folder: URL, _ registry: PluginRegistry, precision: Precision?, metrics: ServerMetrics) throws {
    (self.folder, self.registry, self.precision, self.metrics) = (folder, registry, precision, metrics)
    name = folder.lastPathComponent
    changes = DispatchQueue(label: "distill.changes.\(name)")
    seen = Mutex(Self.marks(of: folder))
    let finished = try FinishedRun(folder, registry: registry, precision: precision)
    opened = Mutex(OpenedRun(name: name, version: 1, finished: finished))
    metrics.opened(run: name, version: 1)
  }

  /// The run as it is answered with now.
  var current: OpenedRun { opened.withLock { $0 } }

  /// Opens the run anew if its folder has changed.
  ///
  /// - Returns: The new version, or `nil` if nothing has changed.
  /// - Throws: The errors of opening a run, once for each state of the folder. The one that is open goes on answering.
  func refresh() async throws -> Int? {
    try await perform {
      let marks = Self.marks(of: self.folder)
      guard marks != self.seen.withLock({ $0 }) else { return nil }
      return try self.reopen(marks)
    }
  }

  /// Changes the folder, and returns when the next answers know of it.
  func change<T: Sendable>(_ body: @escaping @Sendable (FinishedRun) throws -> T) async throws -> T {
    try await perform {
      let result = try body(self.current.finished)
      _ = try self.reopen(Self.marks(of: self.folder))
      return result
    }
  }

  private func reopen(_ marks: [String]) throws -> Int {
    seen.withLock { $0 = marks }
    let finished = try FinishedRun(folder, registry: registry, precision: precision)
    let version = current.version + 1
    opened.withLock { $0 = OpenedRun(name: name, version: version, finished: finished) }
    metrics.opened(run: name, version: version)
    return version
  }

  /// Calls a function that may take long, on no thread that answers requests.
  private func perform<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      changes.async { continuation.resume(with: Result(catching: body)) }
    }
  }

  /// Returns what tells the states of the folder apart: the files are replaced as wholes and never written into.
  private static func marks(of folder: URL) -> [String] {
    FinishedRun.changingFiles(in: folder).map { file in
      // Where the folder is a symbolic link, another target is another file.
      let attributes = try? FileManager.default.attributesOfItem(atPath: file.resolvingSymlinksInPath().path)
      return
        "\(attributes?[.systemFileNumber] ?? "") \(attributes?[.modificationDate] ?? "") \(attributes?[.size] ?? "")"
    }
  }
}
