import DistillTraining

/// A drawing of the first score of each row over its speed, with its interval and the front of the rows that no other row surpasses.
struct CostChart {
  /// A way of answering: its name, its texts a second, and its score with an interval.
  typealias Mark = (name: String, speed: Double, score: Double, interval: ConfidenceInterval)
  private let plot: Plot
  private let marks: [Mark]
  private let front: Set<String>
  private let metric: String

  /// Creates the drawing, or returns `nil` if no row has a speed.
  init?(_ rows: [Mark], metric: String) {
    marks = rows.filter { $0.speed > 0 && $0.speed.isFinite }
    guard !marks.isEmpty else { return nil }
    (self.metric, front) = (metric, Set(unsurpassed(marks, score: { $0.score }, speed: { $0.speed }).map { $0.name }))
    plot = Plot(
      size: (860, 440),
      x: Plot.Axis(
        around: marks.map { $0.speed }, least: 0.15, title: "texts per second (logarithmic)", isLogarithmic: true,
        room: 0.2),
      y: Plot.Axis(around: marks.flatMap { [$0.interval.low, $0.interval.high] }, least: 0.005, title: metric))
  }

  var svg: Markup {
    plot.svg(
      "\(metric) over texts per second; the line joins the rows that no other row surpasses",
      [frontLine] + marks.map(interval) + marks.map(dot) + labels)
  }

  /// A staircase from the fastest row to the best one: whatever lies below it is surpassed.
  private var frontLine: Markup {
    var corners: [(Double, Double)] = []
    for mark in marks.filter({ front.contains($0.name) }).sorted(by: { $0.speed > $1.speed }) {
      if let last = corners.last { corners.append((mark.speed, last.1)) }
      corners.append((mark.speed, mark.score))
    }
    return plot.line(corners, "front")
  }

  private func interval(_ mark: Mark) -> Markup {
    plot.line([(mark.speed, mark.interval.low), (mark.speed, mark.interval.high)], "interval")
  }

  private func dot(_ mark: Mark) -> Markup {
    let at = plot.point(mark.speed, mark.score)
    return """
      <circle class="\(front.contains(mark.name) ? "dot" : "ring")" cx="\(at.x)" cy="\(at.y)" r="5"/>
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
      let width = 7.6 * Double(mark.name.count)
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
      return "<text class=\"name\" x=\"\(place.0)\" y=\"\(place.1)\" text-anchor=\"\(place.2)\">\(mark.name)</text>"
    }
  }
}

/// Returns the rows that no other row surpasses: none is as fast and has a better score, or has as good a score and is faster. The fastest
/// comes first.
func unsurpassed<Row>(_ rows: [Row], score: (Row) -> Double, speed: (Row) -> Double) -> [Row] {
  let ordered = rows.sorted { (speed($0), score($0)) > (speed($1), score($1)) }
  return ordered.reduce(into: []) { front, row in
    if front.last.map({ score(row) > score($0) }) ?? true { front.append(row) }
  }
}
