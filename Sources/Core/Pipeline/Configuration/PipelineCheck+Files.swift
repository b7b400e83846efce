import DistillCore
import Foundation

extension PipelineCheck {
  /// How much of a file is read: enough for its header and a few thousand rows, not enough to wait for.
  private static let bytes = 1 << 18

  /// The task, where the options and the training file tell it. Looks at both files.
  mutating func task(_ options: TaskOptions) -> TaskDefinition? {
    let columns = TaskDefinition.named(options.use) == nil ? ["text", "pair", "label", "score", "labels"] : []
    let labels = (options.labels ?? []).indices.map { "labels[\($0)]" }
    let given = (["use"] + columns + labels).map { "task.\($0)" }
    var task = at("task", given: given) { try options.outline() }
    let collectsLabels = task?.kind == .classification(labels: [])
    if let survey = survey(options.train, at: "task.train", task, options, isWhole: collectsLabels) {
      trainingRows = survey.isWhole ? survey.rows : nil
      task = at("task.train") { try task?.taking(survey.labels, from: options.train.url) } ?? nil
    } else if collectsLabels {
      task = nil
    }
    if let validation = options.validation {
      let outline = at("task", given: given) { try options.outline() }
      _ = survey(validation, at: "task.validation", task ?? outline, options, isWhole: false)
    }
    return task
  }

  /// - Parameter isWhole: whether the file is to be read to its end.
  private mutating func survey(
    _ path: OptionPath, at place: String, _ task: TaskDefinition?, _ options: TaskOptions, isWhole: Bool
  ) -> TaskDefinition.Survey? {
    guard at(place, { try Self.checkFile(path.url) }) != nil else { return nil }
    do {
      return try task?.survey(path.url, atMost: isWhole ? nil : Self.bytes)
    } catch let error as TextFileError {
      report(error, in: path, at: place, options)
    } catch {
      report("\(error)", at: place)
    }
    return nil
  }

  /// One report for each column that is not there, at the option that names it, whatever files lack it, and one for all
  /// broken rows.
  private mutating func report(_ error: TextFileError, in path: OptionPath, at place: String, _ options: TaskOptions) {
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
  mutating func output(_ output: OptionPath) {
    at("output") {
      guard !output.given.isEmpty else { throw WiringError("names no folder") }
      try RunFolder(output.url).check()
    }
  }
}
