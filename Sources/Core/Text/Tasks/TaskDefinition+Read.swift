import Foundation

extension TaskDefinition {
  /// Reads a file in which every row has its answer.
  ///
  /// - Throws: `TextFileError` that lists every broken row: no row is ever left out in silence.
  public func read(_ file: URL) throws -> Dataset {
    precondition(
      kind == .regression || !spellings.isEmpty, "the labels of this task must be collected before files are read")
    let indices = Dictionary(uniqueKeysWithValues: spellings.enumerated().map { ($0.element, $0.offset) })
    var reader = RowReader(file)
    var examples: [Example] = []
    let bytes = try TextFileError.bytes(of: file)
    try reader.forEachRow(bytes, layout, columns: layout.texts + [layout.target], plain: false) { reader, line, row in
      let answer = row[row.count - 1]
      let target: Target
      switch kind {
      case .classification:
        guard let label = indices[answer.text] else {
          let known = spellings.joined(separator: ", ")
          reader.report(line, "unknown \(layout.target) '\(answer.text)'; the labels are \(known)")
          return
        }
        target = .label(label)
      case .regression:
        guard let number = answer.number, Float(number).isFinite else {
          reader.report(line, "\(layout.target) '\(answer.text)' is not a number")
          return
        }
        target = .score(Float(number))
      }
      examples.append(example(row, line, target))
    }
    return Dataset(examples)
  }

  /// Reads texts to be judged: a file of this task with or without answers, which are not read, or one that holds only
  /// the texts, `text` or `text<TAB>pair` a line. (JSON Lines name their members in any case.)
  ///
  /// - Throws: `TextFileError` that lists every broken row.
  public func readUnlabelled(_ file: URL) throws -> Dataset {
    try readUnlabelled(TextFileError.bytes(of: file), named: file)
  }

  /// As `readUnlabelled(_:)`, of what was read already, for instance from standard input.
  public func readUnlabelled(_ bytes: [UInt8], named file: URL) throws -> Dataset {
    var reader = RowReader(file)
    var examples: [Example] = []
    try reader.forEachRow(bytes, layout, columns: layout.texts, plain: true) { _, line, row in
      examples.append(example(row, line, nil))
    }
    return Dataset(examples)
  }

  /// This task with the labels that occur in `file`, sorted by their scalars, if it was made without.
  ///
  /// - Throws: `TextFileError` for broken rows and for fewer than two labels.
  public func collectingLabels(from file: URL) throws -> TaskDefinition {
    guard kind == .classification(labels: []) else { return self }
    var reader = RowReader(file)
    var labels: Set<String> = []
    let bytes = try TextFileError.bytes(of: file)
    try reader.forEachRow(bytes, layout, columns: [layout.target], plain: false) { _, _, row in
      labels.insert(row[0].text)
    }
    guard labels.count > 1 else {
      throw TextFileError(file, "every row has the same \(layout.target); a classification needs two labels or more")
    }
    let sorted = labels.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    let task = TaskDefinition(name, .classification(labels: sorted), metrics, layout)
    if let metric = metrics.first(where: { !$0.suits(task.kind) }) {
      throw TextFileError(
        file, "holds \(sorted.count) labels, for which the metric '\(metric.rawValue)' is not defined")
    }
    return task
  }

  private func example(_ row: [Field], _ line: Int, _ target: Target?) -> Example {
    Example(text: row[0].text, pair: layout.pair == nil ? nil : row[1].text, target: target, line: line)
  }
}
