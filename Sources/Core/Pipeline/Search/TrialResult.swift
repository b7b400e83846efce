import DistillCore
import DistillTraining
import Foundation

/// What a trial answered to the held-out texts after one training.
package struct TrialResult: Sendable {
  package let trial: Trial
  /// The share of its epochs for which it was trained.
  package let share: Double
  package let epochs: Int
  /// The seconds of teacher, student and evaluation, as the run has recorded them.
  package let seconds: Double
  /// `nil` if the training failed, or did not reach the classifier.
  package let answers: RecordedAnswers?

  /// Reads the result of a run, whether it is finished or has failed.
  ///
  /// - Throws: `FormatError` if a file of a finished run is damaged.
  package init(_ trial: Trial, share: Double, of run: PlannedRun) throws {
    let folder = RunFolder(run.folder)
    let record = try? RunRecord(folder.record)
    let isThere = record?.isComplete == true && FileManager.default.fileExists(atPath: folder.heldOutAnswers.path)
    self.init(
      trial, share: share, epochs: run.name.split(separator: "-").last.flatMap { Int($0) } ?? 0,
      seconds: record?.totalSeconds ?? 0,
      answers: isThere ? try RecordedAnswers(folder.heldOutAnswers) : nil)
  }

  package init(_ trial: Trial, share: Double, epochs: Int, seconds: Double, answers: RecordedAnswers?) {
    (self.trial, self.share, self.epochs, self.seconds, self.answers) = (trial, share, epochs, seconds, answers)
  }

  /// The result of a trial whose values do not go together.
  package init(impossible trial: Trial, share: Double) {
    self.init(trial, share: share, epochs: 0, seconds: 0, answers: nil)
  }

  private var losses: [Double]? { answers?.losses }
  /// The mean loss, or `nil` if the trial failed.
  package var loss: Double? { losses.map { $0.reduce(0, +) / Double($0.count) } }

  private var metric: Metric? { answers?.metrics.first.flatMap { Metric(rawValue: $0) } }
  /// The first score of the task.
  package var score: Double? {
    guard let answers, let metric, let row = answers.rows.first else { return nil }
    return metric.value(predictions: answers.targets(row.predictions), targets: answers.targets(answers.targets))
  }

  /// The score with its name, and the loss.
  package var text: String {
    guard let loss, let score, let metric else { return "no scores: the training did not reach the classifier" }
    return "loss \(Report.fixed(loss, 4)), \(metric.rawValue) \(Report.fixed(score, 4))"
  }

  /// The 95 % interval of the score, by bootstrap over the texts.
  var interval: ConfidenceInterval? {
    guard let answers, let metric, let row = answers.rows.first else { return nil }
    return metric.interval(
      of: answers.targets(row.predictions), targets: answers.targets(answers.targets), key: Self.key)
  }

  /// Returns how the losses differ from those of another trial on the same texts.
  ///
  /// - Throws: `ContractError` if the texts are not the same.
  func difference(to other: TrialResult) throws -> MeanDifference? {
    guard let losses, let others = other.losses else { return nil }
    guard answers?.targets == other.answers?.targets else {
      throw ContractError("\(trial.name) and \(other.trial.name) have answered different texts")
    }
    return MeanDifference(zip(losses, others).map { $0 - $1 }, key: Self.key)
  }

  private static let key = RandomKey(0).child("search")
}
