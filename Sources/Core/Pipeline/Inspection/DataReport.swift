import DistillCore
import Foundation

/// What `distill data` says of some files.
package struct DataReport: Encodable {
  package struct Column: Encodable {
    let name: String
    /// `text`, `pair`, `label`, `labels` if a text can have several, `score`, or `nil` if it is not used.
    let role: String?
    /// The number of different values among the first rows, and of values that are not empty.
    let distinct, filled: Int
  }
  package struct Class: Encodable {
    let label: String
    let rows: Int
  }
  package struct Lengths: Encodable {
    /// `tokens` or `words`.
    let unit: String
    let mean: Double
    let median, p95, p99, longest: Int
    /// The number of texts that are cut, if tokens are counted.
    let cut: Int?
  }
  package struct File: Encodable {
    let name: String
    /// `tsv`, `csv`, `jsonl`, or `text` for one text in each line.
    let format: String
    let separator: String?
    /// Whether the file is a TSV whose fields are quoted as in CSV.
    let isQuoted: Bool
    let rows: Int
    let columns: [Column]
    /// The number of rows that columns were described from.
    let rowsLookedAt: Int
    /// The classes, the largest first. Empty without a column of labels.
    let classes: [Class]
    /// The labels that the first file with labels does not have.
    let newLabels: [String]
    /// The least and the greatest score.
    let scores: [Double]?
    let lengths: Lengths
    /// The number of rows whose text an earlier row has.
    let duplicates: Int
    let firstDuplicates: [FileInspection.Repetition]
    /// The number of texts that have different answers.
    let conflicts: Int
    let firstConflicts: [FileInspection.Repetition]
    /// The number of rows without text, and the lines of the first ones.
    let empty: Int
    let firstEmpty: [Int]
  }
  package struct Leak: Encodable {
    let files: [String]
    /// The number of texts that are in both files, and of those with another answer in the other one.
    let texts, conflicts: Int
    /// The lines of the first of them in both files.
    let firstLines: [[Int]]
  }

  package let files: [File]
  package let leaks: [Leak]
  package let maximumLength: Int
  /// The folder of the tokenizer, or `nil` if words were counted.
  package let tokenizer: String?
  /// The section of a pipeline.
  package let task: String?

  /// - Parameters:
  ///   - inspection: The files.
  ///   - tokenizer: The folder of the tokenizer, or `nil` if the lengths are words.
  ///   - maximumLength: The number of tokens beyond which a text is cut.
  package init(_ inspection: DataInspection, tokenizer: String?, maximumLength: Int) {
    (self.tokenizer, self.maximumLength) = (tokenizer, maximumLength)
    files = inspection.files.indices.map { place in
      File(inspection.files[place], inspection.newLabels(in: place), maximumLength, tokens: tokenizer != nil)
    }
    leaks = inspection.leaks.map { leak in
      Leak(
        files: [inspection.files[leak.files.0].source.name, inspection.files[leak.files.1].source.name],
        texts: leak.texts, conflicts: leak.disputed, firstLines: leak.lines)
    }
    task = SuggestedTask(inspection, from: URL(filePath: "."), tokens: tokenizer != nil)?.line
  }

  package func json() throws -> String { String(decoding: try JSONEncoder.pretty.encode(self), as: UTF8.self) }
}

extension DataReport.File {
  fileprivate init(_ file: FileInspection, _ newLabels: [String], _ maximumLength: Int, tokens: Bool) {
    func role(_ column: String) -> String? {
      switch column {
      case file.roles.text: "text"
      case file.roles.pair: "pair"
      case file.roles.answer?.column:
        switch file.roles.answer {
        case .score: "score"
        case .labels: "labels"
        default: "label"
        }
      default: nil
      }
    }
    let byte = file.layout.separator
    self.init(
      name: file.source.name, format: file.sample.format == nil ? "text" : file.layout.format.rawValue,
      separator: file.layout.format == .csv ? (byte == UInt8(ascii: "\t") ? "tab" : String(UnicodeScalar(byte))) : nil,
      isQuoted: file.isQuoted, rows: file.rows,
      columns: file.sample.columns.map {
        DataReport.Column(name: $0.name, role: role($0.name), distinct: $0.distinct, filled: $0.filled)
      },
      rowsLookedAt: file.sample.rows,
      classes: file.labels.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
        DataReport.Class(label: $0.key, rows: $0.value)
      },
      newLabels: newLabels, scores: file.scores.map { [$0.lowerBound, $0.upperBound] },
      lengths: DataReport.Lengths(
        unit: tokens ? "tokens" : "words", mean: file.lengths.mean, median: file.lengths.quantile(0.5),
        p95: file.lengths.quantile(0.95), p99: file.lengths.quantile(0.99), longest: file.lengths.longest,
        cut: tokens ? file.lengths.count(above: maximumLength) : nil),
      duplicates: file.duplicates, firstDuplicates: file.repetitions, conflicts: file.disputed,
      firstConflicts: file.disputes, empty: file.empty, firstEmpty: file.emptyLines)
  }
}
