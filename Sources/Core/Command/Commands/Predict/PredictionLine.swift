import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

extension RowLayout.Format: ExpressibleByArgument {}

/// How an answer is written as a line.
struct PredictionLine {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, jsonl, csv
  }

  private let format: Format
  private let task: TaskDefinition
  private let top, neighbours: Int
  private let scores, hasBase: Bool
  /// The columns of the input. Empty if its rows have none.
  private let columns: [String]

  /// - Throws: `ContractError` if the input has a column already that would be added.
  init(
    _ format: Format, task: TaskDefinition, top: Int, neighbours: Int, scores: Bool, hasBase: Bool, columns: [String]
  ) throws {
    (self.format, self.task, self.neighbours, self.scores) = (format, task, neighbours, scores)
    (self.hasBase, self.columns) = (hasBase, columns)
    if let labels = task.kind.labels { self.top = min(top, labels.count) } else { self.top = 1 }
    if format == .csv, let column = columns.first(where: added.contains) {
      throw ContractError("the input has a column '\(column)' already; rename it, or ask for --format jsonl")
    }
  }

  /// The columns that CSV gets behind those of the input.
  private var added: [String] {
    let ranks = (1...top).map { $0 == 1 ? "" : "_\($0)" }
    let answers = task.kind == .regression ? ["predicted"] : ranks.flatMap { ["predicted\($0)", "probability\($0)"] }
    return answers + (hasBase ? ["novelty", "unknown"] : [])
  }

  /// The names of the columns, for CSV.
  var header: String? { format == .csv ? commaSeparated((columns.isEmpty ? task.textColumns : columns) + added) : nil }

  func text(_ row: Row, _ prediction: Prediction) throws -> String {
    switch format {
    case .text:
      return answers(prediction).map { "\($0.label?.escapingControls() ?? "score")\t\($0.score)" }
        .joined(separator: "\t") + (prediction.unknown == true ? "\tunknown" : "")
    case .csv:
      let texts = row.cells.isEmpty ? task.texts(of: row) : row.cells
      let answers = answers(prediction).flatMap { [$0.label, $0.score].compactMap { $0 } }
      let base = [prediction.novelty.map { "\($0)" }, prediction.unknown.map { "\($0)" }].map { $0 ?? "" }
      return commaSeparated(texts + answers + (hasBase ? base : []))
    case .jsonl:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let shown = prediction.shown(neighbours: neighbours, scores: scores, top: top)
      let object = String(decoding: try encoder.encode(shown), as: UTF8.self)
      let members = zip(columns, row.cells).map { "\(JSON.quoted($0)):\(JSON.quoted($1))" }
      guard let row = row.json ?? (members.isEmpty ? nil : "{" + members.joined(separator: ",") + "}") else {
        return object
      }
      return object.dropLast() + ",\"row\":\(row)}"
    }
  }

  /// The answers with their scores, the best first. Where several labels can apply, the first has all that do, with bars between them.
  private func answers(_ prediction: Prediction) -> [(label: String?, score: String)] {
    guard prediction.label != nil else { return [(nil, "\(prediction.score)")] }
    let best = prediction.best(top).map { (label: Optional($0.label), score: "\($0.score)") }
    guard top == 1, let labels = prediction.labels else { return best }
    let scores = labels.map { "\(prediction.scores[$0] ?? 0)" }
    return [(labels.joined(separator: task.labelSeparator), scores.joined(separator: task.labelSeparator))]
  }
}
