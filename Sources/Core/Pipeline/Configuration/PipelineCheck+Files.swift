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
    let collectsLabels = outline.value?.needsLabels == true
    let surveys = survey(options.train, at: "task.train", outline, isWhole: collectsLabels)
    let whole = surveys.compactMap(\.value).filter(\.isWhole)
    if !surveys.isEmpty, whole.count == surveys.count { trainingRows = whole.reduce(0) { $0 + $1.rows } }
    if collectsLabels, options.train.list.isEmpty {
      report(
        "there is no labelled file that the labels could be collected from", at: "task.train",
        hint: "list them: `labels: [...]`")
    }
    let task =
      collectsLabels
      ? ask("task.train") {
        let labels = try surveys.reduce(into: Set<String>()) { $0.formUnion(try $1.get().labels) }
        return try outline.get().taking(labels, from: options.train.list[0].url)
      } : outline
    let known = Known(task.value ?? outline.value)
    if let task = task.value, let names = task.kind.labels {
      for label in options.classWeights?.labels ?? [] where !(names + task.spellings).contains(label) {
        let hint = nearestNames(to: label, among: names).first.map { "did you mean \($0)?" }
        report(
          "there is no label `\(label)`", at: "task.class_weights",
          hint: hint ?? "the labels are \(names.prefix(20).joined(separator: ", "))")
      }
    }
    if let validation = options.validation {
      _ = self.survey(validation, at: "task.validation", known, isWhole: false)
    }
    forEachFile(of: options.unlabelled, at: "task.unlabelled") {
      try known.get().readUnlabelled($0, atMost: Self.bytes)
    }
    return task
  }

  /// Checks that data files exist and that their rows fit the task.
  ///
  /// - Parameters:
  ///   - paths: The option with the paths of the files.
  ///   - place: The place of that option in the pipeline.
  ///   - task: The task.
  ///   - isWhole: Whether to read the files to their ends, because their labels or the number of their rows are needed.
  private func survey(
    _ paths: OptionPaths, at place: String, _ task: Known<TaskDefinition>, isWhole: Bool
  ) -> [Known<TaskDefinition.Survey>] {
    forEachFile(of: paths, at: place) { file in
      let survey = try task.get().survey(file, atMost: isWhole ? nil : Self.bytes)
      if survey.isQuoted {
        warn(
          "\(file.lastPathComponent): fields are quoted as in CSV, and these quotation marks will be parts of the texts",
          at: place, hint: "`use: csv` with `separator: tab` reads them as they were meant")
      }
      return survey
    }
  }

  /// Returns what `body` reads from each of the files that paths name or match.
  @discardableResult
  private func forEachFile<T>(of paths: OptionPaths, at place: String, _ body: (URL) throws -> T) -> [Known<T>] {
    if paths.list.isEmpty, place == "task.train", options.teacher == nil || options.task.unlabelled.list.isEmpty {
      report("names no file", at: place, hint: "`[]` needs `unlabelled` texts and a teacher that answers them")
    }
    return paths.places(at: place).flatMap { place, path in
      let files = ask(place) {
        do { return try path.files() } catch let error as ContractError {
          throw WiringError("\(error)", hint: "patterns are relative to the file that names them")
        }
      }
      guard let files = files.value else { return [Known<T>(nil)] }
      return files.map { file in
        read(file, as: files.count == 1 ? path.given : file.lastPathComponent, at: place) { try body(file) }
      }
    }
  }

  /// Returns what `body` reads from a data file, or reports why it cannot be read.
  private func read<T>(_ file: URL, as name: String, at place: String, _ body: () throws -> T) -> Known<T> {
    var failure: TextFileError?
    let result = ask(place) {
      try checkFile(file)
      do { return try body() } catch let error as TextFileError {
        failure = error
        throw Unknown()
      }
    }
    if let failure { report(failure, in: name, at: place) }
    return result
  }

  /// Reports each missing column once, at the option that names it, even if several files lack it. All broken rows of a file
  /// are reported together.
  private func report(_ error: TextFileError, in name: String, at place: String) {
    let options = options.task
    func message(_ problem: TextFileError.Problem) -> String {
      name + (problem.line.map { ":\($0)" } ?? "") + ": " + problem.message
    }
    let named = [("text", options.text), ("pair", options.pair), ("label", options.label), ("score", options.score)]
    for problem in error.problems {
      guard let column = problem.column, missingColumns.insert(column).inserted else { continue }
      report(message(problem), at: named.first { $0.1 == column }.map { "task.\($0.0)" } ?? place)
    }
    let rows = error.problems.filter { $0.column == nil }
    guard let first = rows.first else { return }
    let lines = rows.compactMap(\.line)
    let others = lines.enumerated().filter { !lines[..<$0.offset].contains($0.element) && $0.element != first.line }
      .prefix(5).map { String($0.element) }
    report(message(first), at: place, hint: others.isEmpty ? nil : "look at line \(others.joined(separator: ", ")) too")
  }

  private func checkFile(_ url: URL) throws {
    let manager = FileManager.default
    guard manager.fileExists(atPath: url.path) else {
      let isOfGLUE = TaskDefinition.named(options.task.use) != nil
      throw WiringError(
        "there is no file \(url.path)",
        hint: missingFileHint(url) + (isOfGLUE ? "; the files of GLUE are on https://gluebenchmark.com/tasks" : ""))
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
