import DistillCore
import DistillTraining

/// The resamples of texts and seeds that all rows of a comparison share.
struct Resampling {
  private let metrics: [Metric]
  private let targets: [Target]
  private let key = RandomKey(0).child("comparison")
  /// The value of the first metric in each resample, by row and resample.
  private let values: [String: [Double]]

  init(_ answers: RecordedAnswers, _ rows: [ComparedRow]) {
    let metrics = answers.metrics.compactMap { Metric(rawValue: $0) }
    let targets = answers.targets(answers.targets)
    (self.metrics, self.targets) = (metrics, targets)
    let statistics = rows.map { row in row.predictions.map { metrics[0].statistic($0.targets, targets) } }
    var values = rows.map { _ in [Double]() }
    for resample in 0..<Comparison.resamples {
      let key = key.child(resample)
      let texts = targets.indices.map { key.integer(below: targets.count, UInt64($0)) }
      let seeds = key.child("seeds")
      for (row, statistics) in statistics.enumerated() {
        let drawn = statistics.indices.map { seeds.integer(below: statistics.count, UInt64($0)) }
        // A seed that is drawn several times is computed once.
        let counts = drawn.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
        values[row].append(
          counts.reduce(0) { $0 + Double($1.value) * statistics[$1.key](texts) } / Double(drawn.count))
      }
    }
    self.values = Dictionary(zip(rows.map(\.name), values)) { first, _ in first }
  }

  func row(_ row: ComparedRow, against reference: ComparedRow) -> Comparison.Row {
    Comparison.Row(
      name: row.name, seeds: row.predictions.map(\.seed),
      scores: metrics.map { metric in
        let scores = row.predictions.map { metric.value(predictions: $0.targets, targets: targets) }
        let mean = scores.reduce(0, +) / Double(scores.count)
        let squares = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return Comparison.Summary(
          metric: metric.rawValue, mean: mean,
          deviation: scores.count > 1 ? (squares / Double(scores.count - 1)).squareRoot() : nil)
      },
      interval: ConfidenceInterval(ofResamples: values[row.name] ?? []),
      difference: row.name == reference.name ? nil : difference(row, reference), parameters: row.parameters,
      speed: row.speed)
  }

  /// Returns the difference over the seeds that both have, or `nil` if there are none.
  private func difference(_ row: ComparedRow, _ other: ComparedRow) -> Comparison.Difference? {
    let pairs = row.predictions.compactMap { one in
      other.predictions.first { $0.seed == one.seed }.map { (one.targets, $0.targets) }
    }
    guard !pairs.isEmpty, let mine = values[row.name], let theirs = values[other.name] else { return nil }
    func mean(_ pairs: [([Target], [Target])]) -> Double {
      pairs.reduce(0) {
        $0 + metrics[0].value(predictions: $1.0, targets: targets)
          - metrics[0].value(predictions: $1.1, targets: targets)
      } / Double(pairs.count)
    }
    let observed = mean(pairs)
    let p = metrics[0] == .accuracy ? signFlipTest(pairs) : exchangeTest(pairs, observed, mean)
    return Comparison.Difference(
      mean: observed, interval: ConfidenceInterval(ofResamples: zip(mine, theirs).map { $0 - $1 }), p: p, correctedP: p)
  }

  private func signFlipTest(_ pairs: [([Target], [Target])]) -> Double {
    exactSignFlipTest(
      targets.indices.map { text in
        pairs.reduce(0) {
          $0 + ($1.0[text] == targets[text] ? 1 : 0) - ($1.1[text] == targets[text] ? 1 : 0)
        }
      })
  }

  private func exchangeTest(
    _ pairs: [([Target], [Target])], _ observed: Double, _ mean: ([([Target], [Target])]) -> Double
  ) -> Double {
    let key = key.child("exchange")
    let extreme = (0..<Comparison.resamples).count { draw in
      let key = key.child(draw)
      let isExchanged = targets.indices.map { key.integer(below: 2, UInt64($0)) == 1 }
      let exchanged = pairs.map { one, other in
        (
          targets.indices.map { isExchanged[$0] ? other[$0] : one[$0] },
          targets.indices.map { isExchanged[$0] ? one[$0] : other[$0] }
        )
      }
      return abs(mean(exchanged)) >= abs(observed) - 1e-12
    }
    return Double(extreme + 1) / Double(Comparison.resamples + 1)
  }
}
