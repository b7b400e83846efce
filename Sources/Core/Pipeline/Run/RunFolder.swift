import DistillCore
import Foundation

/// Where a run keeps what.
package struct RunFolder: Sendable {
  package let url: URL
  package init(_ url: URL) { self.url = url }

  /// Whether a run could begin or go on here: nothing is written.
  /// - Throws: ``RunError`` where something else lies at the path, or no folder can be made.
  func check() throws {
    let manager = FileManager.default
    func type(_ url: URL) -> FileAttributeType? {
      let path = url.resolvingSymlinksInPath().path
      return try? manager.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    }
    var folder = url.standardizedFileURL
    while type(folder) == nil, folder.pathComponents.count > 1 { folder.deleteLastPathComponent() }
    guard type(folder) == .typeDirectory else { throw RunError.notAFolder(url.path, isFile: folder.path) }
    guard manager.isWritableFile(atPath: folder.path) else { throw RunError.notWritable(folder.path) }
    let names = (try? manager.contentsOfDirectory(atPath: url.path)) ?? []
    // What a run killed at its very beginning leaves is nothing foreign.
    guard names.contains(where: { $0 != lockFile.lastPathComponent && !AtomicFile.isTemporary($0) }) else { return }
    guard names.contains(record.lastPathComponent) else { throw RunError.notARun(url.path) }
    _ = try RunRecord(record)
  }

  /// The lock of this folder, which is made if need be.
  /// - Throws: ``FolderInUse`` while another process holds it.
  func locked() throws -> FileLock {
    try FileSystem.makeFolder(url)
    do { return try FileLock(lockFile) } catch let held as FileLock.Held {
      throw FolderInUse(folder: url.path, holder: held.holder)
    }
  }

  /// Clears away what killed processes left here and in the folders that are shared.
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
  package var checkpoints: URL { url.appending(path: "checkpoints") }
  package var metrics: URL { url.appending(path: "metrics.jsonl") }
  package var report: URL { url.appending(path: "report.json") }
  package var page: URL { url.appending(path: "report.html") }
  private var lockFile: URL { url.appending(path: ".lock") }
  /// Everything that a run writes; the record, which makes it a run, is the last to be removed.
  var parts: [URL] {
    [pipeline, teacher, student, knowledgeBase, checkpoints, metrics, report, page, record]
  }
  /// Prepared teachers are shared by the runs beside each other.
  package var preparedTeachers: URL { url.deletingLastPathComponent().appending(path: "prepared-teachers") }
  /// So are their answers.
  package var teacherAnswers: URL { url.deletingLastPathComponent().appending(path: "teacher-answers") }
}
