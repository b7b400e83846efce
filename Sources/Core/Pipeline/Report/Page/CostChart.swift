/// A drawing of the first score of each row over its speed, with its interval and the front of the rows that no other row surpasses.
struct CostChart {
  private typealias Mark = (row: EvaluationRow, speed: Double, score: Double)
  private let plot: Plot
  private let marks: [Mark]
  private let front: Set<String>
  private let metric: String

  /// Creates the drawing, or returns `nil` if no row has a speed.
  init?(_ report: Report) {
    marks = report.rows.compactMap { row in
      guard let speed = row.speed, speed > 0, speed.isFinite, let score = row.scores.first else { return nil }
      return (row, speed, score.value)
    }
    guard let metric = report.rows.first?.scores.first?.metric, !marks.isEmpty else { return nil }
    (self.metric, front) = (metric, Set(report.front.map(\.name)))
    plot = Plot(
      size: (860, 440),
      x: Plot.Axis(
        around: marks.map(\.speed), least: 0.15, title: "texts per second (logarithmic)", isLogarithmic: true, room: 0.2
      ),
      y: Plot.Axis(around: marks.flatMap { [$0.row.interval.low, $0.row.interval.high] }, least: 0.005, title: metric))
  }

  var svg: Markup {
    plot.svg(
      "\(metric) over texts per second; the line joins the rows that no other row surpasses",
      [frontLine] + marks.map(interval) + marks.map(dot) + labels)
  }

  /// A staircase from the fastest row to the best one: whatever lies below it is surpassed.
  private var frontLine: Markup {
    var corners: [(Double, Double)] = []
    for mark in marks.filter({ front.contains($0.row.name) }).sorted(by: { $0.speed > $1.speed }) {
      if let last = corners.last { corners.append((mark.speed, last.1)) }
      corners.append((mark.speed, mark.score))
    }
    return plot.line(corners, "front")
  }

  private func interval(_ mark: Mark) -> Markup {
    plot.line([(mark.speed, mark.row.interval.low), (mark.speed, mark.row.interval.high)], "interval")
  }

  private func dot(_ mark: Mark) -> Markup {
    let at = plot.point(mark.speed, mark.score)
    return """
      <circle class="\(front.contains(mark.row.name) ? "dot" : "ring")" cx="\(at.x)" cy="\(at.y)" r="5"/>
      """
  }

  /// The names beside the dots, each where it covers neither a dot nor another name, if there is such a place.
  private var labels: [Markup] {
    typealias Box = (left: Double, right: Double, top: Double, bottom: Double)
    var taken: [Box] = marks.map { mark in
      let at = plot.point(mark.speed, mark.score)
      return (at.x - 6, at.x + 6, at.y - 6, at.y + 6)
    }
    return marks.sorted { $0.score > $1.score }.map { mark in
      let at = plot.point(mark.speed, mark.score)
      let width = 7.6 * Double(mark.row.name.count)
      let places = [0.0, 16, -16, 32, -32, 48, -48, 64, -64, 80, -80].flatMap { offset -> [(Double, Double, String)] in
        [(at.x + 9, at.y + 4 + offset, "start"), (at.x - 9, at.y + 4 + offset, "end")]
      }
      func box(_ place: (x: Double, y: Double, anchor: String)) -> Box {
        let left = place.anchor == "start" ? place.x : place.x - width
        return (left, left + width, place.y - 11, place.y + 4)
      }
      let free = places.first { place in
        let own = box(place)
        return own.left > 64 && own.right < plot.size.width - 4 && own.top > 18 && own.bottom < plot.size.height - 46
          && !taken.contains {
            own.left < $0.right && own.right > $0.left && own.top < $0.bottom && own.bottom > $0.top
          }
      }
      let place = free ?? places[0]
      taken.append(box(place))
      return "<text class=\"name\" x=\"\(place.0)\" y=\"\(place.1)\" text-anchor=\"\(place.2)\">\(mark.row.name)</text>"
    }
  }
}
