/// The drawings of one phase of the training.
extension LearningCurves {
  var svg: [Markup] {
    var charts = [chart("loss and its terms over steps", losses, title: losses.count > 1 ? "loss and terms" : "loss")]
    if !scores.isEmpty { charts.append(chart("scores over steps", scores, title: "score", least: 0.01, dots: true)) }
    charts.append(chart("learning rate over steps", [learningRate], title: "learning rate"))
    return charts.compactMap { $0 }
  }

  private func chart(
    _ name: String, _ curves: [Curve], title: String, least: Double = 1e-9, dots: Bool = false
  ) -> Markup? {
    CurveChart(
      name: "\(phase): \(name)", title: title, curves: curves, moves: moves, least: least, hasDots: dots,
      size: (420, 280)
    ).svg
  }
}

/// A drawing of figures over steps, with a legend.
struct CurveChart {
  let name, title: String
  let curves: [LearningCurves.Curve]
  var moves: [LearningCurves.Move] = []
  /// For each curve the number of its colour, if not its place.
  var colours: [Int]?
  var least = 1e-9
  var hasDots = false
  var size = (width: 860.0, height: 400.0)

  var svg: Markup? {
    let (steps, values) = (curves.flatMap(\.steps), curves.flatMap(\.values))
    guard let last = steps.max(), !values.isEmpty else { return nil }
    let plot = Plot(
      size: size, x: Plot.Axis(0...Double(max(last, 1)), title: "step"),
      y: Plot.Axis(around: values, least: least, title: title))
    let stages = moves.map { move -> Markup in
      let at = plot.point(Double(move.step), plot.y.low)
      return """
        <line class="move" x1="\(at.x)" x2="\(at.x)" y1="26" y2="\(at.y)"><title>step \(move.step): \(move.stage)</title></line>
        """
    }
    func colour(_ place: Int) -> Int { (colours?[place] ?? place) % 8 }
    let lines = curves.enumerated().map { place, curve in
      plot.line(zip(curve.steps, curve.values).map { (Double($0), $1) }, "curve c\(colour(place))")
    }
    let dots =
      !hasDots
      ? []
      : curves.enumerated().flatMap { place, curve in
        zip(curve.steps, curve.values).map { step, value -> Markup in
          let at = plot.point(Double(step), value)
          return """
            <circle class="point c\(colour(place))" cx="\(at.x)" cy="\(at.y)" r="3"><title>\(value, 4)</title></circle>
            """
        }
      }
    var legend: [Markup] = []
    for (place, curve) in curves.enumerated() where curves.count > 1 {
      // Curves of one name have one colour.
      if curves.firstIndex(where: { $0.name == curve.name }) != place { continue }
      legend.append("<span class=\"key c\(colour(place))\">\(curve.name)</span>")
    }
    return "<figure>\(plot.svg(name, stages + lines + dots))<figcaption>\(legend)</figcaption></figure>"
  }
}

extension ProbabilityCalibration {
  /// The share of right answers over the mean probability of each bin. On the diagonal, probabilities tell how often answers are right.
  var svg: Markup {
    let plot = Plot(
      size: (420, 320), x: Plot.Axis(0...1, title: "probability of an answer"),
      y: Plot.Axis(0...1, title: "share that is right"))
    let total = Double(bins.reduce(0) { $0 + $1.count })
    let dots = bins.map { bin -> Markup in
      let at = plot.point(bin.confidence, bin.accuracy)
      return """
        <circle class="dot" cx="\(at.x)" cy="\(at.y)" r="\(3 + 12 * (Double(bin.count) / total).squareRoot())">\
        <title>\(bin.count) answers: probability \(bin.confidence, 3), right \(bin.accuracy, 3)</title></circle>
        """
    }
    let line = plot.line(bins.map { ($0.confidence, $0.accuracy) }, "curve c0")
    return plot.svg("\(row): calibration", [plot.line([(0, 0), (1, 1)], "diagonal"), line] + dots)
  }
}

extension ClassBreakdown {
  /// The number of classes up to which the matrix shows their names.
  private static let named = 24

  /// The confusion matrix: a row for each right class, a column for each answer, darker for a larger share of the row.
  var svg: Markup {
    let count = classes.count
    let isNamed = count <= Self.named
    let cell = isNamed ? 26.0 : max(5, 640 / Double(count))
    let left = isNamed ? 7.8 * Double(min(28, classes.map(\.name.count).max() ?? 0)) + 12 : 24
    let top = isNamed ? left : 24
    let size = (width: left + cell * Double(count) + 8, height: top + cell * Double(count) + 8)
    func short(_ name: String) -> String { name.count > 28 ? name.prefix(27) + "…" : name }
    let names: [Markup] =
      !isNamed
      ? []
      : classes.enumerated().flatMap { place, own -> [Markup] in
        let at = (Double(place) + 0.5) * cell
        return [
          "<text x=\"\(left - 6)\" y=\"\(top + at + 4)\" text-anchor=\"end\">\(short(own.name))</text>",
          "<text transform=\"translate(\(left + at + 4) \(top - 6)) rotate(-90)\">\(short(own.name))</text>",
        ]
      }
    let cells = confusions.map { entry -> Markup in
      let share = Double(entry[2]) / Double(max(1, classes[entry[0]].support))
      let (x, y) = (left + Double(entry[1]) * cell, top + Double(entry[0]) * cell)
      let number: Markup =
        !isNamed
        ? .none
        : """
        <text class="\(share > 0.5 ? "inside" : "")" x="\(x + cell / 2)" y="\(y + cell / 2 + 4)" text-anchor="middle">\(entry[2])</text>
        """
      return """
        <g><rect class="\(entry[0] == entry[1] ? "right" : "wrong")" x="\(x)" y="\(y)" width="\(cell)" height="\(cell)" \
        fill-opacity="\(0.12 + 0.88 * share, 2)"><title>\(classes[entry[0]].name) taken for \(classes[entry[1]].name): \(entry[2])\
        </title></rect>\(number)</g>
        """
    }
    return """
      <div class="wide"><svg class="matrix" viewBox="0 0 \(size.width) \(size.height)" width="\(size.width)" style="min-width:\(size.width)px" role="img">
      <title>\(row): confusion matrix</title>
      <rect class="frame" x="\(left)" y="\(top)" width="\(cell * Double(count))" height="\(cell * Double(count))"/>
      \(names + cells)
      </svg></div>
      """
  }
}

extension KnowledgeMap {
  var svg: Markup {
    let plot = Plot(
      size: (640, 480), x: Plot.Axis(around: points.map(\.x), least: 1e-6, title: "first principal component"),
      y: Plot.Axis(around: points.map(\.y), least: 1e-6, title: "second"))
    let dots = points.map { point -> Markup in
      let at = plot.point(point.x, point.y)
      return """
        <circle class="point c\(point.label % 8)" cx="\(at.x)" cy="\(at.y)" r="3"><title>\(labels[point.label])</title></circle>
        """
    }
    return plot.svg("the knowledge base in two dimensions", dots)
  }
}
