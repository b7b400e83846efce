import DistillCore
import Foundation

extension PipelineCheck {
  /// The number of bytes of a file that are read for a check. They contain the header and a few thousand rows and are read
  /// without a noticeable wait.
  private static let bytes = 1 << 18

  /// Checks the data files and returns the task, if the options and the training file determine it.
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
    let known = Known(task.value ?? outline.value)
    if let validation = options.validation {
      _ = self.survey(validation, at: "task.validation", known, isWhole: false)
    }
    for (index, file) in options.unlabelled.enumerated() {
      read(file, at: "task.unlabelled[\(index)]") { try known.get().readUnlabelled(file.url, atMost: Self.bytes) }
    }
    return task
  }

  /// Checks that a data file exists and that its rows fit the task.
  ///
  /// - Parameters:
  ///   - path: The option with the path of the file.
  ///   - place: The place of that option in the pipeline.
  ///   - task: The task.
  ///   - isWhole: Whether to read the file to its end, because its labels or the number of its rows are needed.
  private func survey(
    _ path: OptionPath, at place: String, _ task: Known<TaskDefinition>, isWhole: Bool
  ) -> Known<TaskDefinition.Survey> {
    read(path, at: place) { try task.get().survey(path.url, atMost: isWhole ? nil : Self.bytes) }
  }

  /// Returns what `body` reads from a data file, or reports why it cannot be read.
  @discardableResult
  private func read<T>(_ path: OptionPath, at place: String, _ body: () throws -> T) -> Known<T> {
    var failure: TextFileError?
    let result = ask(place) {
      try Self.checkFile(path.url)
      do { return try body() } catch let error as TextFileError {
        failure = error
        throw Unknown()
      }
    }
    if let failure { report(failure, in: path, at: place) }
    return result
  }

  /// Reports each missing column once, at the option that names it, even if several files lack it. All broken rows of a file
  /// are reported together.
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

  /// Checks that the output folder is the folder of a run or can be created.
  func output() {
    ask("output") {
      guard !options.output.given.isEmpty else { throw WiringError("names no folder") }
      try RunFolder(options.output.url).check()
    }
  }
}
