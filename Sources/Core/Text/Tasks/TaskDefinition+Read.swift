import DistillFormats
import DistillOptions
import Foundation

extension TaskDefinition {
  /// Reads a file in which every row has an answer. A file that gzip has compressed is decompressed.
  ///
  /// - Throws: ``TextFileError`` with all malformed rows. No row is ever skipped silently.
  public func read(_ file: URL) throws -> Dataset {
    precondition(!needsLabels, "the labels of this task must be collected before files are read")
    var examples: [Example] = []
    try forEachRow(of: file) { row, target in examples.append(example(row, target)) }
    return Dataset(examples)
  }

  /// The number of rows and the labels of a file.
  package struct Survey: Sendable {
    package var rows = 0
    /// Whether all rows of the file were read.
    package var isWhole = true
    /// The labels as they are written in the file. The set is empty for a regression.
    package var labels: Set<String> = []
    /// Whether the fields of a TSV file are quoted, though its quotation marks have no special meaning.
    package var isQuoted = false

    package init() {}
  }

  /// Checks the rows of a file like ``read(_:)``, and counts them instead of keeping them.
  ///
  /// Any label is accepted if the task has no labels yet.
  /// - `count`: The number of bytes after which no further row is read, or `nil` for the whole file.
  /// - Throws: ``TextFileError`` with all malformed rows.
  package func survey(_ file: URL, atMost count: Int? = nil) throws -> Survey {
    var (survey, fields) = (Survey(), QuotedFields())
    survey.isWhole = try forEachRow(of: file, atMost: count) { row, _ in
      survey.rows += 1
      if layout.format == .tsv { for cell in row.cells { fields.see(cell) } }
      let answer = row.fields[row.fields.count - 1]
      switch kind {
      case .classification: survey.labels.insert(answer.text)
      case .multilabel: survey.labels.formUnion(answer.parts(separatedBy: labelSeparator))
      case .regression: break
      }
    }
    survey.isQuoted = fields.isQuoted
    return survey
  }

  /// Calls `body` with the fields and the answer of each row. Every answer is label 0 if the task has no labels.
  ///
  /// - Returns: Whether all rows were read.
  @discardableResult
  private func forEachRow(of file: URL, atMost count: Int? = nil, _ body: (Row, Target) -> Void) throws -> Bool {
    let indices = Dictionary(uniqueKeysWithValues: spellings.enumerated().map { ($0.element, $0.offset) })
    var reader = try RowReader(LineReader(file), layout, columns: layout.texts + [layout.target], plain: false)
    return try reader.forEach(atMost: count) { row in body(row, try answer(row, indices)) }
  }

  private func answer(_ row: Row, _ indices: [String: Int]) throws(RowProblem) -> Target {
    let answer = row.fields[row.fields.count - 1]
    switch kind {
    case .classification:
      guard !answer.text.isEmpty else { throw RowProblem("the \(layout.target) is empty") }
      return .label(try label(answer.text, indices))
    case .multilabel:
      let labels = try answer.parts(separatedBy: labelSeparator).map { text throws(RowProblem) in
        try label(text, indices)
      }
      if !spellings.isEmpty, Set(labels).count < labels.count {
        throw RowProblem("the \(layout.target) has a label twice")
      }
      return .labels(labels.sorted())
    case .regression:
      guard let number = answer.number, Float(number).isFinite else {
        throw RowProblem("\(layout.target) '\(answer.text)' is not a number")
      }
      return .score(Float(number))
    }
  }

  private func label(_ text: String, _ indices: [String: Int]) throws(RowProblem) -> Int {
    guard !spellings.isEmpty else { return 0 }
    if let label = indices[text] { return label }
    let near = text.count > 1 ? nearestNames(to: text, among: spellings).first : nil
    let known = near.map { "did you mean \($0)?" } ?? "the labels are \(spellings.joined(separator: ", "))"
    throw RowProblem("unknown \(layout.target) '\(text)'; \(known)")
  }

  /// What separates the labels of a text in a field, if a text can have several.
  package var labelSeparator: String { layout.labelSeparator ?? "|" }

  /// Whether the labels have yet to be collected from the training file.
  package var needsLabels: Bool { kind.labels == [] }

  /// Reads texts without their answers, for prediction.
  ///
  /// The file either has the layout of this task, with or without answers, or contains only the texts, with one `text` or
  /// `text<TAB>pair` per line. A file in JSON Lines always needs the members of the layout, and one that is called `.csv` the columns.
  ///
  /// - `count`: The number of bytes after which no further row is read, or `nil` for the whole file.
  /// - Throws: ``TextFileError`` with all malformed rows.
  package func readUnlabelled(_ file: URL, atMost count: Int? = nil) throws -> Dataset {
    try readUnlabelled(unlabelledRows(of: file), atMost: count)
  }

  /// Reads texts without their answers from bytes, for example those of standard input. See ``readUnlabelled(_:)``.
  package func readUnlabelled(_ bytes: [UInt8], named name: String) throws -> Dataset {
    try readUnlabelled(unlabelledRows(LineReader(bytes, named: name)))
  }

  private func readUnlabelled(_ reader: consuming RowReader, atMost count: Int? = nil) throws -> Dataset {
    var examples: [Example] = []
    try reader.forEach(atMost: count) { examples.append(example($0, nil)) }
    return Dataset(examples)
  }

  /// Opens a file of texts without answers. Unless a format is given, its name tells it if it ends in `.csv`, `.tsv` or `.jsonl`.
  package func unlabelledRows(of file: URL, _ format: RowLayout.Format? = nil) throws -> RowReader {
    let format = format ?? RowLayout.Format(named: file).map { _ in layout.format(of: file) }
    return try unlabelledRows(LineReader(file), format, plain: format != .csv)
  }

  /// Reads texts without answers from standard input.
  package func unlabelledRowsOfInput(_ format: RowLayout.Format? = nil) throws -> RowReader {
    try unlabelledRows(LineReader(.standardInput(), named: "standard input"), format, plain: format != .csv)
  }

  private func unlabelledRows(_ lines: consuming LineReader, _ format: RowLayout.Format? = nil, plain: Bool = true)
    throws
    -> RowReader
  {
    var layout = layout
    layout.format = format ?? layout.format
    return try RowReader(lines, layout, columns: layout.texts, plain: plain)
  }

  /// Returns this task with the labels that occur in files, sorted by their Unicode scalars.
  ///
  /// A task that already has labels, and a regression, is returned unchanged.
  ///
  /// - Throws: ``TextFileError`` with all malformed rows of a file, or if there are fewer than two labels.
  package func collectingLabels(from files: [URL]) throws -> TaskDefinition {
    guard needsLabels, let first = files.first else { return self }
    return try taking(Set(files.flatMap { try survey($0).labels }), from: first)
  }

  /// Returns this task with the labels that a survey of `file` has found, like ``collectingLabels(from:)``.
  ///
  /// - Throws: ``TextFileError`` if there are fewer than two labels, or if a metric of the task is not defined for them.
  package func taking(_ labels: Set<String>, from file: URL) throws -> TaskDefinition {
    guard needsLabels else { return self }
    guard labels.count > 1 else {
      throw TextFileError(file, "every row has the same \(layout.target); a classification needs two labels or more")
    }
    let sorted = labels.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    let task = TaskDefinition(name, kind.with(labels: sorted), chosenMetrics, layout)
    if let metric = task.metrics.first(where: { !$0.suits(task.kind) }) {
      throw TextFileError(
        file, "holds \(sorted.count) labels, for which the metric '\(metric.rawValue)' is not defined")
    }
    return task
  }

  /// Returns this task with further labels behind its own, which are written in files as they are called.
  package func adding(_ labels: [String]) -> TaskDefinition {
    guard let known = kind.labels, !labels.isEmpty else { return self }
    let kind = kind.with(labels: known + labels)
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
    let found = try TaskDefinition(name, kind.with(labels: []), chosenMetrics, layout).survey(file).labels
    return adding(
      found.subtracting(spellings).sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) })
  }

  /// The names of the columns of the texts.
  package var textColumns: [String] { layout.texts }

  package func texts(of row: Row) -> [String] { row.fields.prefix(layout.texts.count).map(\.text) }

  /// Returns this task with other columns for the texts.
  ///
  /// - Throws: ``TaskDefinitionError`` if a column of a second text is named though the task has none.
  package func naming(text: String?, pair: String?) throws -> TaskDefinition {
    guard text != nil || pair != nil else { return self }
    if pair != nil && !hasPairs { throw TaskDefinitionError("the texts of this task have no pair") }
    return with { layout in
      layout.text = text ?? layout.text
      layout.pair = pair ?? layout.pair
    }
  }

  /// Returns this task for a file whose name says that its format is another one.
  package func reading(_ file: URL) -> TaskDefinition {
    with { $0.format = $0.format(of: file) }
  }

  private func with(_ change: (inout RowLayout) -> Void) -> TaskDefinition {
    var layout = layout
    change(&layout)
    return TaskDefinition(name, kind, chosenMetrics, layout, spellings: spellings)
  }

  package func example(_ row: Row, _ target: Target?) -> Example {
    Example(
      text: row.fields[0].text, pair: layout.pair == nil ? nil : row.fields[1].text, target: target, line: row.line)
  }
}
