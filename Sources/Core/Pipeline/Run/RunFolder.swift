import DistillCore
import Foundation

/// The layout of a run's folder.
package struct RunFolder: Sendable {
  package let url: URL
  package init(_ url: URL) { self.url = url }

  /// Checks that a run could begin or resume here, without writing anything.
  ///
  /// - Throws: ``RunError`` if the path contains something else or no folder can be created there, and `FormatError` if the
  ///   record of the run is damaged.
  func check() throws {
    let names = try Self.names(inWritable: url)
    // A run that was killed at its very beginning leaves only a lock and temporary files, which may be overwritten.
    guard names.contains(where: { $0 != lockFile.lastPathComponent && !AtomicFile.isTemporary($0) }) else { return }
    guard names.contains(record.lastPathComponent) else { throw RunError.notARun(url.path) }
    _ = try RunRecord(record)
  }

  /// Returns the names of what is in a folder, or nothing if it does not exist and can be made.
  ///
  /// - Throws: ``RunError`` if the path contains something else or no folder can be created there.
  static func names(inWritable url: URL) throws -> [String] {
    let manager = FileManager.default
    func type(_ url: URL) -> FileAttributeType? {
      let path = url.resolvingSymlinksInPath().path
      return try? manager.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    }
    var folder = url.standardizedFileURL
    while type(folder) == nil, folder.pathComponents.count > 1 { folder.deleteLastPathComponent() }
    guard type(folder) == .typeDirectory else { throw RunError.notAFolder(url.path, isFile: folder.path) }
    guard manager.isWritableFile(atPath: folder.path) else { throw RunError.notWritable(folder.path) }
    return (try? manager.contentsOfDirectory(atPath: url.path)) ?? []
  }

  /// Creates the folder if necessary and takes its lock.
  ///
  /// - Throws: ``FolderInUse`` if another process holds the lock.
  func locked() throws -> FileLock {
    try FileSystem.makeFolder(url)
    do { return try FileLock(lockFile) } catch let held as FileLock.Held {
      throw FolderInUse(folder: url.path, holder: held.holder)
    }
  }

  /// Removes the temporary files that killed processes have left in this folder and in the shared folders.
  func clearAbandoned() {
    let phases = (try? FileSystem.names(in: checkpoints)) ?? []
    for folder in [url, preparedTeachers, teacherAnswers] + phases.map({ checkpoints.appending(path: $0) }) {
      AtomicFile.removeAbandoned(in: folder)
    }
    for folder in [preparedTeachers, teacherAnswers] { FileLock.clearAbandoned(in: folder) }
  }

  package var pipeline: URL { url.appending(path: "pipeline.yaml") }
  package var record: URL { url.appending(path: "run.json") }
  package var teacher: URL { url.appending(path: "teacher") }
  package var student: URL { url.appending(path: "student") }
  package var knowledgeBase: URL { url.appending(path: "knowledge-base") }
  package var readouts: URL { url.appending(path: "readouts") }
  package var checkpoints: URL { url.appending(path: "checkpoints") }
  package var metrics: URL { url.appending(path: "metrics.jsonl") }
  package var tensorBoard: URL { url.appending(path: "tensorboard") }
  package var report: URL { url.appending(path: "report.json") }
  package var answers: URL { url.appending(path: "answers.json") }
  package var heldOutAnswers: URL { url.appending(path: "held-out.json") }
  package var page: URL { url.appending(path: "report.html") }
  /// Where a run says what it is doing, until it is done.
  var progress: URL { checkpoints.appending(path: "progress.json") }
  var lockFile: URL { url.appending(path: ".lock") }
  /// Everything that a run writes. The record comes last, so that the folder is recognised as a run until everything else has
  /// been removed.
  var parts: [URL] {
    [
      pipeline, teacher, student, knowledgeBase, readouts, checkpoints, metrics, tensorBoard, answers, heldOutAnswers,
      report, page, record,
    ]
  }
  /// The folder of prepared teachers, which the runs in the same parent folder share.
  package var preparedTeachers: URL { url.deletingLastPathComponent().appending(path: "prepared-teachers") }
  /// The folder of the teachers' answers, which is shared in the same way.
  package var teacherAnswers: URL { url.deletingLastPathComponent().appending(path: "teacher-answers") }
}
