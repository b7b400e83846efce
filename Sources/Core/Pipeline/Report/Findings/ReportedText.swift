import DistillCore

/// A text of the validation file that is worth looking at, with what each way of answering said to it.
package struct ReportedText: Sendable, Codable {
  /// Why a text is shown.
  package enum Reason: String, Sendable, Codable, CaseIterable {
    /// The way of answering that is shipped is wrong, and sure of it.
    case error
    /// Teacher and student answer differently.
    case disagreement
    /// The student alone is wrong, and what is shipped is right.
    case rescued
    /// The student alone is right, and what is shipped is wrong.
    case spoiled
  }
  package struct Answer: Sendable, Codable {
    package let row: String
    package let label: String
    package let probability: Double
  }
  package struct Neighbour: Sendable, Codable {
    package let text: String?
    package let pair: String?
    package let label: String?
    package let similarity: Double
  }

  /// The line of the file.
  package let line: Int
  package let text: String
  package let pair: String?
  package let label: String
  package let reasons: [Reason]
  package let answers: [Answer]
  package let neighbours: [Neighbour]
}

/// What is needed to choose the texts that are shown.
package struct TextChoice {
  /// A way of answering, with its probabilities [M, C] and what it answers.
  package typealias Row = (name: String, probabilities: Matrix, predictions: [Target])

  /// The number of texts for each reason at most, and of neighbours for each text.
  package static let (most, neighbours) = (50, 3)

  let examples: [Example]
  let task: TaskKind
  let targets: [Target]
  /// Teacher, student and student with knowledge base, as far as they are there.
  let teacher, student, shipped: Row?
  /// For each text, its nearest neighbours.
  let found: [[Neighbour]]
  let describe: (Int) -> (text: String?, pair: String?, label: String?)

  package init(
    examples: [Example], task: TaskKind, targets: [Target], teacher: Row?, student: Row?, shipped: Row?,
    found: [[Neighbour]], describe: @escaping (Int) -> (text: String?, pair: String?, label: String?)
  ) {
    (self.examples, self.task, self.targets) = (examples, task, targets)
    (self.teacher, self.student, self.shipped) = (teacher, student, shipped)
    (self.found, self.describe) = (found, describe)
  }

  /// Returns the texts, those first of which the shipped way of answering is most sure that they are of another class.
  package func texts() -> [ReportedText] {
    let rows = [teacher, student, shipped].compactMap { $0 }
    guard let own = shipped ?? student else { return [] }
    let (teachers, students, last) = (teacher?.predictions, student?.predictions, own.predictions)
    /// How much more likely the answer is than the right class; where several labels can apply, how far the worst probability is off.
    func lead(_ text: Int) -> Float {
      let row = Array(own.probabilities.row(text))
      if case .labels(let labels) = targets[text] {
        return row.enumerated().map { abs($1 - (labels.contains($0) ? 1 : 0)) }.max() ?? 0
      }
      func probability(_ target: Target) -> Float {
        target.label.map { row.indices.contains($0) ? row[$0] : 0 } ?? 0
      }
      return probability(last[text]) - probability(targets[text])
    }
    var reasons: [Int: [ReportedText.Reason]] = [:]
    func add(_ reason: ReportedText.Reason, where isSo: (Int) -> Bool) {
      let texts = targets.indices.filter(isSo).sorted { (lead($0), $1) > (lead($1), $0) }
      for text in texts.prefix(Self.most) { reasons[text, default: []].append(reason) }
    }
    add(.error) { last[$0] != targets[$0] }
    if let teachers, let students { add(.disagreement) { teachers[$0] != students[$0] } }
    if shipped != nil, let students {
      add(.rescued) { students[$0] != targets[$0] && last[$0] == targets[$0] }
      add(.spoiled) { students[$0] == targets[$0] && last[$0] != targets[$0] }
    }
    return reasons.keys.sorted { (lead($0), $1) > (lead($1), $0) }.map { text in
      ReportedText(
        line: examples[text].line, text: examples[text].text, pair: examples[text].pair,
        label: targets[text].named(task) ?? "",
        reasons: reasons[text] ?? [],
        answers: rows.map { row in
          ReportedText.Answer(
            row: row.name, label: row.predictions[text].named(task) ?? "",
            probability: Double(certainty(row.predictions[text], Array(row.probabilities.row(text)))))
        },
        neighbours: found.isEmpty
          ? []
          : found[text].prefix(Self.neighbours).map {
            let entry = describe($0.row)
            return ReportedText.Neighbour(
              text: entry.text, pair: entry.pair, label: entry.label, similarity: Double($0.similarity))
          })
    }
  }

  /// The probability of an answer; where several labels can apply, the least of its labels', or without any 1 − the largest.
  private func certainty(_ answer: Target, _ row: [Float]) -> Float {
    let labels = answer.label.map { [$0] } ?? answer.labels ?? []
    return labels.map { row[$0] }.min() ?? 1 - (row.max() ?? 0)
  }
}
