import DistillCore
import DistillTraining
import Foundation

extension Comparison {
  /// The form in which a comparison is printed.
  package enum Format: String, CaseIterable, Sendable {
    case text, markdown, latex, csv, json, html
  }

  /// Returns the comparison in a form.
  package func text(_ format: Format) throws -> String {
    switch format {
    case .text: TextTable(cells: cells).text + "\n" + legend
    case .markdown: TextTable(cells: cells).markdown + "\n\n" + legend
    case .latex: TextTable(cells: cells).latex + "\n% " + legend
    case .csv: TextTable.csv(numbers)
    case .json: String(decoding: try JSONEncoder.pretty.encode(self), as: UTF8.self)
    case .html: html
    }
  }

  private var metrics: [String] { rows.first?.scores.map(\.metric) ?? [] }

  var cells: [[String]] {
    let hasSpeed = rows.contains { $0.speed != nil }
    let header =
      ["", "seeds"] + metrics + ["95 %", "difference", "95 % of it", "p"] + (hasSpeed ? ["parameters", "texts/s"] : [])
    return [header]
      + rows.map { row in
        let scores = row.scores.map {
          Report.fixed($0.mean, 4) + ($0.deviation.map { " ± " + Report.fixed($0, 4) } ?? "")
        }
        let difference =
          row.difference.map {
            [Report.signed($0.mean), Report.range($0.interval), Report.probability($0.correctedP)]
          } ?? ["", "", ""]
        let cost = [
          row.parameters.map { Report.fixed(Double($0) / 1e6, 1) + " M" } ?? "",
          row.speed.map { Report.fixed($0, 0) } ?? "",
        ]
        return [row.name, "\(row.seeds.count)"] + scores + [Report.range(row.interval)] + difference
          + (hasSpeed ? cost : [])
      }
  }

  /// All numbers in full, for other programs.
  private var numbers: [[String]] {
    func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    let header =
      ["row", "seeds"] + metrics.flatMap { [$0, "\($0)_deviation"] }
      + [
        "low", "high", "difference", "difference_low", "difference_high", "p", "p_corrected", "parameters",
        "texts_per_second",
      ]
    return [header]
      + rows.map { row in
        var cells = [row.name, row.seeds.map(String.init).joined(separator: " ")]
        for score in row.scores { cells += [text(score.mean), text(score.deviation)] }
        let difference = row.difference
        let figures: [Double?] = [
          row.interval.low, row.interval.high, difference?.mean, difference?.interval.low, difference?.interval.high,
          difference?.p, difference?.correctedP,
        ]
        return cells + figures.map(text) + [row.parameters.map(String.init) ?? "", text(row.speed)]
      }
  }

  var legend: String {
    let test =
      metrics.first == Metric.accuracy.rawValue
      ? "exact sign-flip test over texts (McNemar's, for one seed)" : "test by exchanging answers of random texts"
    return """
      Means over the seeds ± sample standard deviation. 95 %: interval of \(metrics.first ?? "") over resamples of the \(count) \
      texts and of the seeds. difference: to `\(against)`, in pairs; p: \(test), corrected by Holm's method for \
      \(rows.count { $0.difference != nil }) comparisons.
      """
  }
}
