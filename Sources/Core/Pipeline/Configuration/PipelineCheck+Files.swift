import DistillCore
import Foundation

extension PipelineCheck {
  /// How much of a file is read: enough for its header and a few thousand rows, not enough to wait for.
  private static let bytes = 1 << 18

  /// The task, where the options and the training file tell it. Looks at both files.
  func task() -> Known<TaskDefinition> {
    let options = options.task
    let columns = TaskDefinition.named(options.use) == nil ? ["text", "pair", "label", "score", "labels"] : []
    let labels = (options.labels ?? []).indices.map { "labels[\($0)]" }
    let given = (["use"] + columns + labels).map { "task.\($0)" }
    let outline = ask("task", given: given) { try options.outline() }
    let collectsLabels = outline.value?.kind == .classification(labels: [])
    let survey = survey(options.train, at: "task.train", outline, isWhole: collectsLabels)
    if let survey = survey.value, survey.isWhole { trainingRows = survey.rows }
    let task =
      collectsLabels
      ? ask("task.train") { try outline.get().taking(survey.get().labels, from: options.train.url) } : outline
    if let validation = options.validation {
      _ = self.survey(validation, at: "task.validation", Known(task.value ?? outline.value), isWhole: false)
    }
    return task
  }

  /// - Parameter isWhole: whether the file is to be read to its end.
  private func survey(
    _ path: OptionPath, at place: String, _ task: Known<TaskDefinition>, isWhole: Bool
  ) -> Known<TaskDefinition.Survey> {
    var failure: TextFileError?
    let survey = ask(place) {
      try Self.checkFile(path.url)
      do { return try task.get().survey(path.url, atMost: isWhole ? nil : Self.bytes) } catch let error as TextFileError
      {
        failure = error
        throw Unknown()
      }
    }
    if let failure { report(failure, in: path, at: place) }
    return survey
  }

  /// One report for each column that is not there, at the option that names it, whatever files lack it, and one for all
  /// broken rows.
  private func report(_ error: TextFileError, in path: OptionPath, at place: String) {
    let options = options.task
    func message(_ problem: TextFileError.Problem) -> String {
      path.given + (problem.line.map { ":\($0)" } ?? "") + ": " + problem.message
    }
    let named = [("text", options.text), ("pair", options.pair), ("label", options.label), ("score", options.score)]
    for problem in error.problems {
      guard let column = problem.column, missingColumns.insert(column).inserted else { continue }
      report(message(problem), at: named.first { $0.1 == column }.map { "task.\($0.0)" } ?? place)
    }
    let rows = error.problems.filter { $0.column == nil }
    guard let first = rows.first else { return }
    let others = rows.dropFirst().compactMap(\.line).prefix(5).map(String.init)
    report(message(first), at: place, hint: others.isEmpty ? nil : "look at line \(others.joined(separator: ", ")) too")
  }

  private static func checkFile(_ url: URL) throws {
    let manager = FileManager.default
    guard manager.fileExists(atPath: url.path) else {
      throw WiringError("there is no file \(url.path)", hint: missingFileHint(url))
    }
    let type = try? manager.attributesOfItem(atPath: url.resolvingSymlinksInPath().path)[.type] as? FileAttributeType
    guard type == .typeRegular else {
      throw WiringError("\(url.path) is \(type == .typeDirectory ? "a folder, not a file" : "not a regular file")")
    }
  }

  /// The folder of the run: a run's, or one that can be made.
  func output() {
    ask("output") {
      guard !options.output.given.isEmpty else { throw WiringError("names no folder") }
      try RunFolder(options.output.url).check()
    }
  }
}
