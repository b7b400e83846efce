import DistillCore
import Foundation

/// A finished run as `distill compare` reads it: its report, and what it answered to each text.
package struct ComparedRun: Sendable {
  package let folder: URL
  let record: RunRecord
  let report: Report
  let answers: RecordedAnswers

  /// Reads a run.
  ///
  /// - Throws: `FormatError` if the folder is not a finished run with answers.
  package init(_ url: URL) throws {
    let folder = RunFolder(url)
    (self.folder, record) = (url, try RunRecord(folder.record))
    guard record.isComplete else {
      throw FormatError(file: url, "holds a run that is not finished; `distill run FILE --resume` goes on with it")
    }
    answers = try RecordedAnswers(folder.answers)
    report = try Report(folder)
  }

  func hasRow(_ name: String) -> Bool { answers.rows.contains { $0.name == name } }

  /// Returns the folders of the runs at a path: the path itself, or all runs directly below it, sorted by name.
  package static func folders(at url: URL) -> [URL] {
    func isRun(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: RunFolder(url).record.path) }
    if isRun(url) { return [url] }
    return ((try? FileSystem.names(in: url)) ?? []).sorted { $0.localizedStandardCompare($1) == .orderedAscending }
      .map { url.appending(path: $0) }.filter(isRun)
  }

  /// What the run depends on, but for the seed. The texts are left out, because the seed also chooses those that are held out.
  var settings: [String: String] {
    record.provenance.entries.filter { !$0.key.hasSuffix(".seed") && !$0.key.hasPrefix("texts.") }
  }
}

/// Runs of one name that differ in nothing but their seed.
struct RunGroup {
  let name: String
  /// The runs in the order of their seeds.
  let runs: [ComparedRun]

  /// Groups runs by their names and settings. A group has the name of its pipeline, with what distinguishes it if another one has it, too.
  ///
  /// - Throws: `ContractError` if two runs of a group have the same seed.
  static func groups(_ runs: [ComparedRun]) throws -> [RunGroup] {
    var members: [(settings: [String: String], runs: [ComparedRun])] = []
    for run in runs {
      if let place = members.firstIndex(where: {
        $0.settings == run.settings && $0.runs[0].record.name == run.record.name
      }) {
        members[place].runs.append(run)
      } else {
        members.append((run.settings, [run]))
      }
    }
    return try members.map { settings, runs in
      let runs = runs.sorted { $0.record.seed < $1.record.seed }
      for (one, next) in zip(runs, runs.dropFirst()) where one.record.seed == next.record.seed {
        throw ContractError(
          "\(one.folder.lastPathComponent) and \(next.folder.lastPathComponent) are the same run twice: equal settings and seed"
        )
      }
      let others = members.filter { $0.runs[0].record.name == runs[0].record.name && $0.settings != settings }
      let different = settings.filter { name, value in
        others.contains { $0.settings[name] != value }
      }
      let remark = different.sorted { $0.key < $1.key }
        .map { "\($0.key.replacing("options.", with: ""))=\($0.value)" }.joined(separator: ", ")
      return RunGroup(name: runs[0].record.name + (others.isEmpty ? "" : " (\(remark))"), runs: runs)
    }
  }
}
