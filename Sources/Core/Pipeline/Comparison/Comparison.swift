import DistillCore
import DistillTraining
import Foundation

/// Several runs side by side: every way of answering with its mean over the seeds, and its difference to one of them.
///
/// Runs that differ in nothing but their seed are one group. Intervals are percentiles of 2,000 resamples, each of which draws the texts
/// and the seeds anew, and the same ones for all rows (Efron 1979; two levels as in Davison and Hinkley 1997, section 3.8). A difference
/// is tested by ``exactSignFlipTest(_:)`` where the first metric is the accuracy, and otherwise by exchanging the answers to random
/// texts 2,000 times (Noreen 1989). The p-values are corrected for the number of rows by Holm's method.
package struct Comparison: Sendable, Codable {
  package struct Row: Sendable, Codable {
    package let name: String
    package let seeds: [Int]
    package let scores: [Summary]
    /// The 95 % interval of the mean of the first score.
    package let interval: ConfidenceInterval
    package fileprivate(set) var difference: Difference?
    package let parameters: Int?
    /// The median of the texts a second over the seeds.
    package let speed: Double?
  }

  /// The mean of a score over the seeds, and its sample standard deviation if there are several.
  package struct Summary: Sendable, Codable {
    package let metric: String
    package let mean: Double
    package let deviation: Double?
  }

  /// The difference of the first score to the chosen row, over the seeds that both have.
  package struct Difference: Sendable, Codable {
    package let mean: Double
    package let interval: ConfidenceInterval
    package let p: Double
    /// The p-value, corrected for the number of rows.
    package fileprivate(set) var correctedP: Double
  }

  package let rows: [Row]
  /// The name of the row that the others are compared with.
  package let against: String
  /// The number of texts.
  package let count: Int
  /// How each student learnt, with the name of its group. It is not part of the JSON.
  private(set) var learning: [(group: String, curves: LearningCurves)] = []

  private enum CodingKeys: CodingKey { case rows, against, count }

  static let resamples = 2000

  /// Compares runs.
  ///
  /// - Parameters:
  ///   - runs: The runs, at least one.
  ///   - against: The row that all others are compared with. Default: the first student.
  ///   - names: The rows to show, in this order. Default: all of them.
  /// - Throws: `ContractError` if the runs do not answer the same texts or there is no row of a name.
  package init(_ runs: [ComparedRun], against: String? = nil, rows names: [String] = []) throws {
    guard let first = runs.first else { throw ContractError("there are no runs to compare") }
    for run in runs.dropFirst() {
      guard run.answers.targets == first.answers.targets, run.answers.metrics == first.answers.metrics else {
        throw ContractError(
          "\(first.folder.lastPathComponent) and \(run.folder.lastPathComponent) were evaluated on different texts")
      }
    }
    let groups = try RunGroup.groups(runs)
    learning = groups.flatMap { group in
      group.runs.compactMap { run in
        run.report.findings?.curves.first { $0.phase == "student" }.map { (group.name, $0) }
      }
    }
    var all = ComparedRow.rows(groups)
    func row(_ name: String) throws -> ComparedRow {
      guard let row = all.first(where: { $0.name == name }) else {
        let near = nearestNames(to: name, among: all.map(\.name)).first
        throw ContractError(
          "there is no row `\(name)`; " + (near.map { "did you mean `\($0)`?" } ?? "there are ")
            + (near == nil ? all.map { "`\($0.name)`" }.joined(separator: ", ") : ""))
      }
      return row
    }
    let reference = try against.map(row) ?? all.first(where: \.isStudent) ?? all[0]
    if !names.isEmpty { all = try names.map(row) }
    let resampling = Resampling(first.answers, all.contains { $0.name == reference.name } ? all : all + [reference])
    var rows = all.map { resampling.row($0, against: reference) }
    let tested = rows.indices.filter { rows[$0].difference != nil }
    for (index, p) in zip(tested, holmCorrected(tested.compactMap { rows[$0].difference?.p })) {
      rows[index].difference?.correctedP = p
    }
    (self.rows, self.against, count) = (rows, reference.name, first.answers.targets.count)
  }
}

/// One way of answering in all runs of a group.
struct ComparedRow {
  let name: String
  let isStudent: Bool
  /// The predictions of each seed.
  let predictions: [(seed: Int, targets: [Target])]
  let parameters: Int?
  let speed: Double?

  /// The row of what a run answers, where a readout answers with some seeds and the student's classifier with others.
  private static let whateverAnswers = "whatever answers"

  /// Returns the rows of all groups. Rows that answer alike in several groups, as a shared teacher does, appear once.
  static func rows(_ groups: [RunGroup]) -> [ComparedRow] {
    var rows: [ComparedRow] = []
    for group in groups {
      let answering = [Evaluation.readoutRow, Evaluation.studentRow].map(Evaluation.withKnowledgeBase)
      let readouts = group.runs.count { $0.hasRow(answering[0]) }
      let names =
        group.runs[0].answers.rows.map(\.name)
        + (0 < readouts && readouts < group.runs.count ? [whateverAnswers] : [])
      for name in names {
        /// The row of a run that has the name, or `nil` if it has none.
        func source(_ run: ComparedRun) -> String? {
          (name == whateverAnswers ? answering : [name]).first(where: run.hasRow)
        }
        guard group.runs.allSatisfy({ source($0) != nil }) else { continue }
        let predictions = group.runs.compactMap { run in
          run.answers.rows.first { $0.name == source(run) }.map {
            (seed: run.record.seed, targets: run.answers.targets($0.predictions))
          }
        }
        let entries = group.runs.compactMap { run in run.report.rows.first { $0.name == source(run) } }
        let isStudent = name == Evaluation.studentRow
        let label =
          groups.count == 1
          ? name
          : name.hasPrefix(Evaluation.studentRow)
            ? group.name + name.dropFirst(Evaluation.studentRow.count)
            : name == whateverAnswers || Evaluation.knowledgeBaseRows.contains(name) ? "\(group.name), \(name)" : name
        let isElsewhere = rows.contains { row in
          row.name == label
            && row.predictions.elementsEqual(predictions) { $0.seed == $1.seed && $0.targets == $1.targets }
        }
        if isElsewhere { continue }
        let speeds = entries.compactMap(\.speed).sorted()
        rows.append(
          ComparedRow(
            name: rows.contains { $0.name == label } ? "\(group.name): \(name)" : label, isStudent: isStudent,
            predictions: predictions, parameters: entries.first?.parameters,
            speed: speeds.isEmpty ? nil : speeds[speeds.count / 2]))
      }
    }
    return rows
  }
}
