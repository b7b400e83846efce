import DistillCore
import Foundation

extension SearchOutcome: Encodable {
  /// The form in which an outcome is printed.
  package enum Format: String, CaseIterable, Sendable { case text, csv, json }

  /// Returns the outcome in a form.
  package func text(_ format: Format) throws -> String {
    switch format {
    case .text: TextTable(cells: cells).text + "\n" + verdict
    case .csv: TextTable.csv(numbers)
    case .json: String(decoding: try JSONEncoder.pretty.encode(self), as: UTF8.self)
    }
  }

  private var paths: [String] { results.first { $0.trial != .asWritten }?.trial.values.map(\.key) ?? [] }
  private var metric: String { best.answers?.metrics.first ?? "score" }

  private func values(_ trial: Trial) -> [String] {
    trial == .asWritten ? paths.map { _ in "" } : trial.values.map(\.value.flow)
  }

  /// A row for each training.
  private var cells: [[String]] {
    // The last word of a path says enough, unless it is that of another one as well.
    let words = paths.map { String($0.split(separator: ".").last ?? "") }
    let header = paths.indices.map { place in words.count { $0 == words[place] } > 1 ? paths[place] : words[place] }
    return [[""] + header + ["epochs", "loss", metric, "seconds"]]
      + results.map { result in
        [result.trial.name] + values(result.trial) + [
          "\(result.epochs)", result.loss.map { Report.fixed($0, 4) } ?? "failed",
          result.score.map { Report.fixed($0, 4) } ?? "", Report.fixed(result.seconds, 0),
        ]
      }
  }

  /// All numbers in full, for other programs.
  private var numbers: [[String]] {
    [["trial"] + paths + ["share", "epochs", "loss", metric, "seconds"]]
      + results.map { result in
        ["\(result.trial.number)"] + values(result.trial) + ["\(result.share)", "\(result.epochs)"]
          + [result.loss, result.score, result.seconds].map { $0.map { "\($0)" } ?? "" }
      }
  }

  /// Sentences about how much is known.
  var verdict: String {
    let interval = best.interval.map { ", 95 % \(Report.range($0))" } ?? ""
    var lines = [
      "best of \(tried) trials and the pipeline as written: \(best.trial.name), \(best.text)\(interval)"
    ]
    if best.trial != .asWritten {
      lines[0] += "\n  " + best.trial.values.map { "\($0.key): \($0.value.flow)" }.joined(separator: "\n  ")
    }
    if rivals.isEmpty {
      lines.append(
        "no trial was trained for all of its epochs, so that nothing is compared; the same command with more minutes goes on"
      )
    }
    for rival in rivals {
      let loss = rival.loss
      lines.append(
        "to \(rival.trial): loss \(Report.signed(loss.mean)) (95 % \(Report.range(loss.interval))), p \(Report.probability(loss.p)), "
          + "corrected \(Report.probability(rival.correctedP)): "
          + (rival.isToldApart ? "more than chance" : "these cannot be told apart"))
    }
    lines.append(
      """
      The figures are those of \(count) held-out texts, on which nothing was trained and no epoch was chosen. They have chosen the values, \
      so that those of the best are too good; only the validation file, which the search has not read, tells what it is worth. p: \
      sign-flip test of the losses in pairs, corrected (Bonferroni) for all trials or pairs of trials that could have been the best ones. \
      One seed: another order of the texts may change the ranks as well.
      """)
    return lines.joined(separator: "\n")
  }

  private struct Trainings: Encodable {
    let trial, epochs: Int
    let share: Double
    let values: [String: String]
    let loss, score: Double?
    let seconds: Double
  }

  private struct Document: Encodable {
    let metric: String
    let texts: Int
    let best: Int
    let rivals: [Rival]
    let trainings: [Trainings]
  }

  package func encode(to encoder: any Encoder) throws {
    let document = Document(
      metric: metric, texts: count, best: best.trial.number, rivals: rivals,
      trainings: results.map { result in
        Trainings(
          trial: result.trial.number, epochs: result.epochs, share: result.share,
          values: Dictionary(uniqueKeysWithValues: result.trial.values.map { ($0.key, $0.value.flow) }),
          loss: result.loss, score: result.score, seconds: result.seconds)
      })
    try document.encode(to: encoder)
  }
}
