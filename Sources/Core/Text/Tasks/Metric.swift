/// A measure of how well predictions agree with the correct answers. If its formula is 0/0, the value is 0.
public enum Metric: String, Sendable, CaseIterable {
  /// The share of correct labels; with several labels for a text, the share of texts for which all are right and none is missing.
  case accuracy
  /// F1 of label 1, `2·tp / (2·tp + fp + fn)`.
  case f1
  /// F1 over all decisions about a label and a text, `2·tp / (2·tp + fp + fn)`, where a text can have several labels.
  case microF1 = "micro-f1"
  /// The mean of F1 over all labels that occur in the predictions or the targets.
  case macroF1 = "macro-f1"
  /// The correlation coefficient of Matthews, generalised to any number of labels by Gorodkin (Comput. Biol. Chem. 28, 2004).
  case matthews
  /// The correlation coefficient of Pearson.
  case pearson
  /// The correlation coefficient of Spearman: that of Pearson between the ranks, where equal values share their mean rank.
  case spearman

  /// Returns whether the metric is defined for a kind of task.
  package func suits(_ kind: TaskKind) -> Bool {
    switch (self, kind) {
    case (.accuracy, .classification), (.macroF1, .classification), (.matthews, .classification): true
    case (.f1, .classification(let labels)): labels.count <= 2
    case (.accuracy, .multilabel), (.microF1, .multilabel), (.macroF1, .multilabel): true
    case (.pearson, .regression), (.spearman, .regression): true
    default: false
    }
  }

  /// Returns the value of the metric for predictions and as many targets.
  ///
  /// All of them are scores for `pearson` and `spearman`, and labels for the other metrics.
  public func value(predictions: [Target], targets: [Target]) -> Double {
    precondition(predictions.count == targets.count, "\(predictions.count) predictions for \(targets.count) targets")
    switch self {
    case .pearson: return Self.pearson(predictions.map(\.asScore), targets.map(\.asScore))
    case .spearman: return Self.pearson(Self.ranks(predictions.map(\.asScore)), Self.ranks(targets.map(\.asScore)))
    case .accuracy: return Self.ratio(Double(zip(predictions, targets).count { $0 == $1 }), Double(targets.count))
    case .f1, .macroF1, .microF1, .matthews:
      return value(Confusion(predictions.map(\.asLabels), targets.map(\.asLabels)))
    }
  }

  private func value(_ counts: Confusion) -> Double {
    switch self {
    case .f1: return counts.f1(of: 1)
    case .microF1: return Self.ratio(2 * counts.right, counts.total(counts.predicted) + counts.total(counts.actual))
    case .macroF1: return Self.ratio(counts.labels.reduce(0) { $0 + counts.f1(of: $1) }, Double(counts.labels.count))
    case .matthews:
      let (total, right) = (counts.total, counts.right)
      func products(_ a: [Int: Double], _ b: [Int: Double]) -> Double {
        counts.labels.reduce(0) { $0 + a[$1, default: 0] * b[$1, default: 0] }
      }
      let covariance = right * total - products(counts.predicted, counts.actual)
      let variances =
        (total * total - products(counts.predicted, counts.predicted))
        * (total * total - products(counts.actual, counts.actual))
      return Self.ratio(covariance, variances.squareRoot())
    default: preconditionFailure("\(self) is no metric of counts")
    }
  }

  fileprivate static func ratio(_ a: Double, _ b: Double) -> Double { b == 0 ? 0 : a / b }

  private static func pearson(_ x: [Double], _ y: [Double]) -> Double {
    let n = Double(x.count)
    let (meanX, meanY) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
    var (xy, xx, yy) = (0.0, 0.0, 0.0)
    for (x, y) in zip(x, y) {
      xy += (x - meanX) * (y - meanY)
      xx += (x - meanX) * (x - meanX)
      yy += (y - meanY) * (y - meanY)
    }
    return ratio(xy, xx.squareRoot() * yy.squareRoot())
  }

  private static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
      start = end
    }
    return ranks
  }
}

/// The number of times that each label was predicted, was correct, and was both.
private struct Confusion {
  var predicted: [Int: Double] = [:]
  var actual: [Int: Double] = [:]
  var agreed: [Int: Double] = [:]
  /// The number of examples.
  let total: Double
  /// The labels that occur, sorted so that sums over them do not depend on the order of a dictionary.
  let labels: [Int]

  init(_ predictions: [[Int]], _ targets: [[Int]]) {
    for (prediction, target) in zip(predictions, targets) {
      for label in prediction { predicted[label, default: 0] += 1 }
      for label in target {
        actual[label, default: 0] += 1
        if prediction.contains(label) { agreed[label, default: 0] += 1 }
      }
    }
    total = Double(targets.count)
    labels = Set(predicted.keys).union(actual.keys).sorted()
  }

  func total(_ counts: [Int: Double]) -> Double { counts.values.reduce(0, +) }

  var right: Double { labels.reduce(0) { $0 + agreed[$1, default: 0] } }

  func f1(of label: Int) -> Double {
    Metric.ratio(2 * agreed[label, default: 0], predicted[label, default: 0] + actual[label, default: 0])
  }
}

extension Target {
  fileprivate var asScore: Double {
    switch self {
    case .score(let score): Double(score)
    case .label, .labels: preconditionFailure("\(self) where a score is expected")
    }
  }

  fileprivate var asLabels: [Int] {
    switch self {
    case .label(let label): [label]
    case .labels(let labels): labels
    case .score(let score): preconditionFailure("score \(score) where a label is expected")
    }
  }
}
