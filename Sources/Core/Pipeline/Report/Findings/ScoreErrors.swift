import DistillCore

/// What one way of answering predicted in a regression, beside the right scores.
package struct ScoreErrors: Sendable, Codable {
  package struct Point: Sendable, Codable {
    /// The line of the text in its file.
    package let line: Int
    package let target, predicted: Double
  }

  /// The row of the report.
  package let row: String
  /// The mean of |predicted − right|.
  package let meanAbsoluteError: Double
  /// The mean of predicted − right: above 0 if scores are predicted too high.
  package let meanError: Double
  /// The texts that are drawn: all of them, or as many that are spread over the file.
  package let points: [Point]

  /// The largest number of points.
  static let most = 1_000

  /// - Parameters:
  ///   - row: The row of the report.
  ///   - examples: The texts with their right scores.
  ///   - predictions: The scores that were predicted for them.
  init(row: String, examples: [Example], predictions: [Target]) {
    self.row = row
    let all = zip(examples, predictions).compactMap { example, prediction -> Point? in
      guard case .score(let target) = example.target, case .score(let predicted) = prediction else { return nil }
      return Point(line: example.line, target: Double(target), predicted: Double(predicted))
    }
    let errors = all.map { $0.predicted - $0.target }
    let count = Double(max(1, all.count))
    meanAbsoluteError = errors.reduce(0) { $0 + abs($1) } / count
    meanError = errors.reduce(0, +) / count
    let shown = min(all.count, Self.most)
    points = (0..<shown).map { all[$0 * all.count / shown] }
  }
}

extension ScoreErrors {
  /// The predicted scores over the right ones. Points on the line are right.
  var svg: Markup {
    let values = points.flatMap { [$0.target, $0.predicted] }
    let plot = Plot(
      size: (480, 480), x: Plot.Axis(around: values, least: 0.05, title: "right score"),
      y: Plot.Axis(around: values, least: 0.05, title: "predicted"))
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let dots = points.map { point -> Markup in
      let at = plot.point(point.target, point.predicted)
      return """
        <circle class="dot" style="fill-opacity:.4" cx="\(at.x)" cy="\(at.y)" r="3"><title>line \(point.line): \(point.predicted, 2) for \(point.target, 2)</title></circle>
        """
    }
    return plot.svg(
      "predicted over right scores of \(row); points on the line are right",
      [plot.line([(low, low), (high, high)], "interval")] + dots)
  }
}
