import DistillCore
import Foundation

/// What every row of a report answered to each validation text. A run keeps it in `answers.json`, so that runs can be compared text by
/// text. `held-out.json` has the student's answers to the texts that are held out for choices.
package struct RecordedAnswers: Sendable, Codable {
  package struct Row: Sendable, Codable {
    package let name: String
    /// The index of the predicted class for each text, or that of the predicted labels in ``labelSets``, or the predicted score.
    package let predictions: [Double]
  }

  package let metrics: [String]
  package let isRegression: Bool
  package let targets: [Double]
  package let rows: [Row]
  /// Where several labels can apply, the sets of labels that occur. `nil` otherwise.
  package let labelSets: [[Int]]?
  /// The loss of the first row on each text: −ln of the right label's probability, softened by the temperature with which their mean is
  /// least, or the squared error for regression. Only `held-out.json` has it.
  var losses: [Double]?

  init(_ task: TaskDefinition, targets: [Target], rows: [(name: String, predictions: [Target])]) {
    var places: [[Int]: Int] = [:]
    func numbers(_ values: [Target]) -> [Double] {
      values.map {
        switch $0 {
        case .label(let label): return Double(label)
        case .score(let score): return Double(score)
        case .labels(let labels):
          let place = places[labels] ?? places.count
          places[labels] = place
          return Double(place)
        }
      }
    }
    metrics = task.metrics.map(\.rawValue)
    if case .regression = task.kind { isRegression = true } else { isRegression = false }
    self.targets = numbers(targets)
    self.rows = rows.map { Row(name: $0.name, predictions: numbers($0.predictions)) }
    labelSets = task.kind.isMultilabel ? places.sorted { $0.value < $1.value }.map(\.key) : nil
  }

  /// Reads the answers of a finished run.
  ///
  /// - Throws: `FormatError` if the file is missing or damaged.
  init(_ file: URL) throws {
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw FormatError(
        file: file,
        "is missing: the run has no texts to answer, an untrained classifier, or was made by a version that did not keep its answers"
      )
    }
    guard let read = try? JSONDecoder.snakeCase.decode(RecordedAnswers.self, from: FileSystem.contents(of: file)),
      !read.targets.isEmpty, read.metrics.allSatisfy({ Metric(rawValue: $0) != nil }), !read.metrics.isEmpty,
      read.rows.allSatisfy({ $0.predictions.count == read.targets.count }),
      read.losses?.count ?? read.targets.count == read.targets.count,
      read.isRegression
        || (read.rows.flatMap(\.predictions) + read.targets).allSatisfy({ number in
          Int(exactly: number).map { read.labelSets?.indices.contains($0) ?? true } ?? false
        })
    else { throw FormatError(file: file, "is damaged, or does not hold the answers of a run") }
    self = read
  }

  func write(to file: URL) throws {
    let encoder = JSONEncoder()
    (encoder.outputFormatting, encoder.keyEncodingStrategy) = ([.sortedKeys], .convertToSnakeCase)
    try AtomicFile.write(encoder.encode(self), to: file)
  }

  /// Returns numbers of this record as labels or scores.
  func targets(_ values: [Double]) -> [Target] {
    values.map { value in
      isRegression ? .score(Float(value)) : labelSets.map { .labels($0[Int(value)]) } ?? .label(Int(value))
    }
  }
}
