import DistillFormats
import DistillOptions
import Foundation

extension TaskDefinition {
  /// Reads a file in which every row has an answer.
  ///
  /// - Throws: ``TextFileError`` with all malformed rows. No row is ever skipped silently.
  public func read(_ file: URL) throws -> Dataset {
    precondition(
      kind == .regression || !spellings.isEmpty, "the labels of this task must be collected before files are read")
    var examples: [Example] = []
    try forEachRow(of: TextFileError.bytes(of: file), file) { line, row, target in
      examples.append(example(row, line, target))
    }
    return Dataset(examples)
  }

  /// The number of rows and the labels of a file.
  package struct Survey: Sendable {
    package let rows: Int
    /// Whether all rows of the file were read.
    package let isWhole: Bool
    /// The labels as they are written in the file. The set is empty for a regression.
    package let labels: Set<String>
  }

  /// Checks the rows of a file like ``read(_:)``, and counts them instead of keeping them.
  ///
  /// Any label is accepted if the task has no labels yet.
  /// - `count`: The number of bytes to read at most, or `nil` for the whole file.
  /// - Throws: ``TextFileError`` with all malformed rows.
  package func survey(_ file: URL, atMost count: Int? = nil) throws -> Survey {
    let (bytes, isWhole) = try TextFileError.lines(of: file, atMost: count)
    var labels: Set<String> = []
    var rows = 0
    try forEachRow(of: bytes, file) { _, row, _ in
      rows += 1
      if kind != .regression { labels.insert(row[row.count - 1].text) }
    }
    return Survey(rows: rows, isWhole: isWhole, labels: labels)
  }

  /// Calls `body` with the line number, the fields and the answer of each row. Every answer is label 0 if the task has no labels.
  private func forEachRow(
    of bytes: [UInt8], _ file: URL, _ body: (_ line: Int, _ row: [Field], _ answer: Target) -> Void
  ) throws {
    let indices = Dictionary(uniqueKeysWithValues: spellings.enumerated().map { ($0.element, $0.offset) })
    var reader = RowReader(file.path)
    try reader.forEachRow(bytes, layout, columns: layout.texts + [layout.target], plain: false) { reader, line, row in
      let answer = row[row.count - 1]
      switch kind {
      case .classification:
        guard !answer.text.isEmpty else { return reader.report(line, "the \(layout.target) is empty") }
        guard let label = spellings.isEmpty ? 0 : indices[answer.text] else {
          let near = answer.text.count > 1 ? nearestNames(to: answer.text, among: spellings).first : nil
          let known = near.map { "did you mean \($0)?" } ?? "the labels are \(spellings.joined(separator: ", "))"
          return reader.report(line, "unknown \(layout.target) '\(answer.text)'; \(known)")
        }
        body(line, row, .label(label))
      case .regression:
        guard let number = answer.number, Float(number).isFinite else {
          return reader.report(line, "\(layout.target) '\(answer.text)' is not a number")
        }
        body(line, row, .score(Float(number)))
      }
    }
  }

  /// Reads texts without their answers, for prediction.
  ///
  /// The file either has the layout of this task, with or without answers, or contains only the texts, with one `text` or
  /// `text<TAB>pair` per line. A file in JSON Lines always needs the members of the layout.
  ///
  /// - `count`: The number of bytes to read at most, or `nil` for the whole file.
  /// - Throws: ``TextFileError`` with all malformed rows.
  package func readUnlabelled(_ file: URL, atMost count: Int? = nil) throws -> Dataset {
    try readUnlabelled(TextFileError.lines(of: file, atMost: count).bytes, named: file.path)
  }

  /// Reads texts without their answers from bytes, for example those of standard input. See ``readUnlabelled(_:)``.
  package func readUnlabelled(_ bytes: [UInt8], named name: String) throws -> Dataset {
    var reader = RowReader(name)
    var examples: [Example] = []
    try reader.forEachRow(withoutByteOrderMark(bytes), layout, columns: layout.texts, plain: true) { _, line, row in
      examples.append(example(row, line, nil))
    }
    return Dataset(examples)
  }

  /// Returns this task with the labels that occur in `file`, sorted by their Unicode scalars.
  ///
  /// A task that already has labels, and a regression, is returned unchanged.
  ///
  /// - Throws: ``TextFileError`` with all malformed rows, or if there are fewer than two labels.
  package func collectingLabels(from file: URL) throws -> TaskDefinition {
    guard kind == .classification(labels: []) else { return self }
    return try taking(try survey(file).labels, from: file)
  }

  /// Returns this task with the labels that a survey of `file` has found, like ``collectingLabels(from:)``.
  ///
  /// - Throws: ``TextFileError`` if there are fewer than two labels, or if a metric of the task is not defined for them.
  package func taking(_ labels: Set<String>, from file: URL) throws -> TaskDefinition {
    guard kind == .classification(labels: []) else { return self }
    guard labels.count > 1 else {
      throw TextFileError(file, "every row has the same \(layout.target); a classification needs two labels or more")
    }
    let sorted = labels.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    let task = TaskDefinition(name, .classification(labels: sorted), chosenMetrics, layout)
    if let metric = task.metrics.first(where: { !$0.suits(task.kind) }) {
      throw TextFileError(
        file, "holds \(sorted.count) labels, for which the metric '\(metric.rawValue)' is not defined")
    }
    return task
  }

  /// Returns this task with further labels behind its own, which are written in files as they are called.
  package func adding(_ labels: [String]) -> TaskDefinition {
    guard case .classification(let known) = kind, !labels.isEmpty else { return self }
    let kind = TaskKind.classification(labels: known + labels)
    let metrics = chosenMetrics?.filter { $0.suits(kind) }
    return TaskDefinition(
      name, kind, metrics?.isEmpty == true ? nil : metrics, layout, spellings: spellings + labels)
  }

  /// Returns this task with the labels that occur in `file` and that it does not have, sorted by their Unicode scalars, behind its
  /// own.
  ///
  /// - Throws: ``TextFileError`` with all malformed rows.
  package func addingLabels(of file: URL) throws -> TaskDefinition {
    guard kind != .regression else { return self }
    let found = try TaskDefinition(name, .classification(labels: []), chosenMetrics, layout).survey(file).labels
    return adding(
      found.subtracting(spellings).sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) })
  }

  private func example(_ row: [Field], _ line: Int, _ target: Target?) -> Example {
    Example(text: row[0].text, pair: layout.pair == nil ? nil : row[1].text, target: target, line: line)
  }
}
