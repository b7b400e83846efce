import DistillCore
import DistillTraining
import Foundation

/// A run of a sweep or a search, which is not begun before all of them have been checked.
package struct PlannedRun: Sendable {
  package enum State: String, Sendable { case new, unfinished, finished }

  /// The name of its folder.
  package let name: String
  /// The pipeline file.
  package let file: String
  package let overrides: [String]
  package let folder: URL
  package let state: State

  /// Checks a run and looks whether it is there already.
  ///
  /// - Parameters:
  ///   - name: The name of its folder.
  ///   - file: The pipeline file.
  ///   - overrides: Values such as `precision=bfloat16` that replace those of the file.
  ///   - output: The folder of all runs.
  ///   - registry: The plugins that the pipeline may name.
  /// - Throws: `Diagnostics` with what is wrong in the pipeline, and ``RunError`` if the folder holds a run of other settings.
  init(_ name: String, _ file: String, _ overrides: [String], in output: URL, registry: PluginRegistry) throws {
    (self.name, self.file, folder) = (name, file, output.appending(path: name))
    self.overrides = overrides + ["output=\(YAMLValue.text(folder.path).flow)"]
    let run = RunFolder(folder)
    guard FileManager.default.fileExists(atPath: run.record.path) else {
      state = .new
      return
    }
    let record = try RunRecord(run.record)
    let pipeline = try Pipeline(file: file, settings: self.overrides, registry: registry)
    let differences = try pipeline.provenance(pipeline.options.texts()).differences(since: record.provenance)
    guard differences.isEmpty else { throw RunError.otherSettings(folder.path, differences) }
    state = record.isComplete ? .finished : .unfinished
  }
}

extension PlannedRun {
  /// The seconds that the stages of this run have taken by now, under the names of `run.json`. Empty if it was not begun.
  package var seconds: [String: Double] { (try? RunRecord(RunFolder(folder).record))?.seconds ?? [:] }

  /// The seconds that the student's epochs have taken by now, without what is done once before them, such as the teacher's answers.
  package var secondsOfEpochs: Double {
    let lines = (try? FileSystem.text(of: RunFolder(folder).metrics).split(separator: "\n")) ?? []
    return lines.reduce(0) { sum, line in
      let epoch = try? JSONDecoder().decode(EpochRecord.self, from: Data(line.utf8))
      return sum + (epoch?.phase == "student" ? epoch?.seconds ?? 0 : 0)
    }
  }

  /// Whether the run is finished by now.
  package var isFinished: Bool { (try? RunRecord(RunFolder(folder).record))?.isComplete ?? false }

  /// Removes the models of the run, which are several times the size of everything else. Its figures stay.
  package func removeModels() throws {
    let folder = RunFolder(folder)
    for part in [folder.teacher, folder.student] { try FileSystem.remove(part) }
  }

  /// The seconds that the finished runs in a folder have taken.
  package static func secondsSpent(in output: URL) -> Double {
    ComparedRun.folders(at: output).reduce(0) { sum, folder in
      let record = try? RunRecord(RunFolder(folder).record)
      return sum + (record?.isComplete == true ? record?.totalSeconds ?? 0 : 0)
    }
  }
}

extension Pipeline {
  /// Reads a pipeline file with values such as `training.epochs=2` in the place of its own.
  init(file: String, settings: [String], registry: PluginRegistry) throws {
    let pairs = settings.map { text in
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      return (path: parts[0], value: parts[1])
    }
    try self.init(file: file, overrides: pairs, registry: registry)
  }
}
