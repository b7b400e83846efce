import DistillFormats

/// What is in some files of texts, and which texts several of them have.
package struct DataInspection {
  /// The texts that two files have in common.
  package struct Leak: Sendable {
    /// The places of the files.
    package let files: (Int, Int)
    /// The number of different texts that both have.
    package let texts: Int
    /// The number of these that have another answer in the other file.
    package let disputed: Int
    /// The lines of the first of these texts in both files.
    package let lines: [[Int]]
  }

  package private(set) var files: [FileInspection] = []
  /// The labels of all files, or the sets of labels, in the order in which they were met.
  private var names: [String] = []
  private var numbers: [String: Int] = [:]
  /// Returns the length of a text, or of a pair.
  private let length: (String, String?) -> Int

  package init(length: @escaping (String, String?) -> Int) { self.length = length }

  /// Reads a file to its end. Of its rows only checksums are kept.
  ///
  /// - Parameters:
  ///   - source: The file.
  ///   - given: Columns that are known, in the place of guessed ones.
  /// - Throws: ``TextFileError`` if the file cannot be read or has malformed rows, or if no column looks like a text.
  package mutating func add(
    _ source: TextSource, _ given: (text: String?, pair: String?, label: String?, score: String?)
  )
    throws
  {
    let sample = try TableSample(source)
    guard
      let roles = sample.roles(text: given.text, pair: given.pair, label: given.label, score: given.score)
    else {
      let columns = sample.columns.map(\.name).joined(separator: ", ")
      throw TextFileError(
        named: source.name,
        [.init("no column looks like a text; say which one is by --text" + (columns.isEmpty ? "" : ": \(columns)"))])
    }
    try add(source, sample, roles)
  }

  /// Reads a file whose columns are those of a file that was read.
  ///
  /// - Throws: ``TextFileError`` if the file cannot be read or has malformed rows.
  package mutating func add(_ source: TextSource, like other: FileInspection) throws {
    try add(source, TableSample(source), other.roles)
  }

  private mutating func add(_ source: TextSource, _ sample: TableSample, _ roles: ColumnRoles) throws {
    var layout = RowLayout(
      sample.format ?? .tsv, text: roles.text, pair: roles.pair, target: roles.answer?.column ?? "",
      impliedHeader: sample.isCoLA ? sample.columns.map(\.name) : nil)
    layout.separator = sample.separator
    if case .labels = roles.answer { layout.labelSeparator = "|" }
    var quoted = layout
    (quoted.format, quoted.separator) = (.csv, UInt8(ascii: "\t"))
    do {
      let (file, fields) = try read(source, sample, roles, layout)
      let other = sample.format == .tsv && fields.isQuoted ? try? read(source, sample, roles, quoted).file : nil
      files.append(other ?? file)
      files[files.count - 1].isQuoted = other != nil
    } catch let error as TextFileError where sample.format == .tsv {
      // A quoted field may have tabs and line breaks, for which a TSV file has no place.
      guard var file = try? read(source, sample, roles, quoted).file else { throw error }
      file.isQuoted = true
      files.append(file)
    }
  }

  private mutating func read(_ source: TextSource, _ sample: TableSample, _ roles: ColumnRoles, _ layout: RowLayout)
    throws -> (file: FileInspection, fields: QuotedFields)
  {
    var (file, fields) = (FileInspection(source, sample, roles, layout), QuotedFields())
    let columns = layout.texts + (roles.answer.map { [$0.column] } ?? [])
    var reader = try RowReader(source.lines(), layout, columns: columns, plain: sample.format == nil)
    try reader.forEach { row in
      let answer = try roles.answer.map { try self.answer(row, $0, &file) } ?? 0
      file.add(row, answer, names, length: length)
      if layout.format == .tsv { for cell in row.cells { fields.see(cell) } }
    }
    return (file, fields)
  }

  /// Returns the number of a label, or the bits of a score.
  private mutating func answer(_ row: Row, _ kind: ColumnRoles.Answer, _ file: inout FileInspection) throws(RowProblem)
    -> Int
  {
    let field = row.fields[row.fields.count - 1]
    switch kind {
    case .label(let column):
      guard !field.text.isEmpty else { throw RowProblem("the \(column) is empty") }
      file.labels[field.text, default: 0] += 1
      return number(of: field.text)
    case .labels:
      let labels = Set(field.parts(separatedBy: "|")).sorted()
      for label in labels { file.labels[label, default: 0] += 1 }
      return number(of: labels.joined(separator: "|"))
    case .score(let column):
      guard let number = field.number, Float(number).isFinite else {
        throw RowProblem("\(column) '\(field.text)' is not a number")
      }
      file.scores = min(number, file.scores?.lowerBound ?? number)...max(number, file.scores?.upperBound ?? number)
      return Int(Float(number).bitPattern)
    }
  }

  /// Returns the number of an answer, which is its place among `names`.
  private mutating func number(of answer: String) -> Int {
    if let number = numbers[answer] { return number }
    numbers[answer] = names.count
    names.append(answer)
    return names.count - 1
  }

  /// The pairs of files that have texts in common.
  package var leaks: [Leak] {
    files.indices.flatMap { first in
      files.indices.dropFirst(first + 1).compactMap { second in leak(first, second) }
    }
  }

  private func leak(_ first: Int, _ second: Int) -> Leak? {
    let common = files[first].seen.compactMap { mark, one in
      files[second].seen[mark].map { (lines: [one.line, $0.line], differs: one.answer != $0.answer) }
    }
    guard !common.isEmpty else { return nil }
    let haveAnswers = files[first].roles.answer != nil && files[second].roles.answer != nil
    return Leak(
      files: (first, second), texts: common.count, disputed: haveAnswers ? common.count(where: \.differs) : 0,
      lines: common.map(\.lines).sorted { $0.lexicographicallyPrecedes($1) }.prefix(FileInspection.shown).map(\.self))
  }

  /// The labels of a file that the first file with labels does not have.
  package func newLabels(in file: Int) -> [String] {
    guard let first = files.first(where: { !$0.labels.isEmpty }) else { return [] }
    return files[file].labels.keys.filter { first.labels[$0] == nil }.sorted()
  }
}
