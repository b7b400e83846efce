import Foundation

/// A drawing of the first score of each row over its speed, with the front of the rows that no other row surpasses.
struct CostChart {
  private typealias Point = (name: String, x: Double, y: Double, isOnFront: Bool)
  private static let size = (width: 760.0, height: 420.0)
  private static let margin = (left: 70.0, right: 30.0, top: 20.0, bottom: 50.0)
  private let metric: String
  private let points: [Point]
  /// The ranges of the decimal logarithm of the speed and of the score.
  private let logarithms: ClosedRange<Double>
  private let scores: ClosedRange<Double>

  /// Creates the drawing, or returns `nil` if no row has a speed.
  init?(_ report: Report) {
    let front = Set(report.front.map(\.name))
    points = report.rows.compactMap { row in
      guard let speed = row.speed, speed > 0, speed.isFinite, let score = row.scores.first else { return nil }
      return (row.name, log10(speed), score.value, front.contains(row.name))
    }
    guard let metric = report.rows.first?.scores.first?.metric, !points.isEmpty else { return nil }
    self.metric = metric
    func range(_ values: [Double], least: Double) -> ClosedRange<Double> {
      let (low, high) = (values.min() ?? 0, values.max() ?? 0)
      let room = max(0.15 * (high - low), least)
      return low - room...high + room
    }
    logarithms = range(points.map(\.x), least: 0.15)
    scores = range(points.map(\.y), least: 0.01)
  }

  private func place(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
    let (size, margin) = (Self.size, Self.margin)
    let across = (x - logarithms.lowerBound) / (logarithms.upperBound - logarithms.lowerBound)
    let up = (y - scores.lowerBound) / (scores.upperBound - scores.lowerBound)
    return (
      margin.left + across * (size.width - margin.left - margin.right),
      size.height - margin.bottom - up * (size.height - margin.top - margin.bottom)
    )
  }

  private func line(_ from: (x: Double, y: Double), _ to: (x: Double, y: Double), _ style: String) -> String {
    "<line x1=\"\(pixels(from.x))\" y1=\"\(pixels(from.y))\" x2=\"\(pixels(to.x))\" y2=\"\(pixels(to.y))\" \(style)/>"
  }

  private func label(_ text: String, _ x: Double, _ y: Double, anchor: String) -> String {
    "<text x=\"\(pixels(x))\" y=\"\(pixels(y))\" text-anchor=\"\(anchor)\">\(Report.escaped(text))</text>"
  }

  private func pixels(_ value: Double) -> String { Report.fixed(value, 1) }

  var svg: String {
    let (size, margin) = (Self.size, Self.margin)
    let title = "\(metric) over texts per second; the line joins the rows that no other row surpasses"
    return """
      <svg viewBox="0 0 \(pixels(size.width)) \(pixels(size.height))" width="\(pixels(size.width))" role="img" fill="currentColor">
      <title>\(Report.escaped(title))</title>
      \((scoreTicks + speedTicks + [frontLine] + points.map(mark)).joined(separator: "\n"))
      \(label("texts per second (logarithmic)", (margin.left + size.width) / 2, size.height - 8, anchor: "middle"))
      \(label(metric, 8, margin.top - 4, anchor: "start"))
      </svg>
      """
  }

  private var scoreTicks: [String] {
    let span = scores.upperBound - scores.lowerBound
    let step = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].first { span / $0 <= 8 } ?? 1
    return stride(from: (scores.lowerBound / step).rounded(.up) * step, through: scores.upperBound, by: step).flatMap {
      let (left, right) = (place(logarithms.lowerBound, $0), place(logarithms.upperBound, $0))
      return [
        line(left, right, "stroke=\"currentColor\" stroke-opacity=\"0.15\""),
        label(Report.fixed($0, 3), left.x - 6, left.y + 4, anchor: "end"),
      ]
    }
  }

  private var speedTicks: [String] {
    let decades = Int(logarithms.lowerBound.rounded(.down))...Int(logarithms.upperBound.rounded(.up))
    return decades.flatMap { decade in [1.0, 2, 5].map { $0 * pow(10, Double(decade)) } }
      .filter { logarithms.contains(log10($0)) }.flatMap { speed in
        let (bottom, top) = (place(log10(speed), scores.lowerBound), place(log10(speed), scores.upperBound))
        return [
          line(bottom, top, "stroke=\"currentColor\" stroke-opacity=\"0.15\""),
          label(Report.fixed(speed, speed < 1 ? 2 : 0), bottom.x, bottom.y + 16, anchor: "middle"),
        ]
      }
  }

  /// A staircase from the fastest row to the best one: whatever lies below it is surpassed.
  private var frontLine: String {
    let front = points.filter(\.isOnFront).sorted { $0.x > $1.x }
    var corners: [(x: Double, y: Double)] = []
    for point in front {
      if let last = corners.last { corners.append((place(point.x, point.y).x, last.y)) }
      corners.append(place(point.x, point.y))
    }
    let path = corners.map { "\(pixels($0.x)),\(pixels($0.y))" }.joined(separator: " ")
    return "<polyline points=\"\(path)\" fill=\"none\" stroke=\"#3b82f6\" stroke-width=\"2\" stroke-opacity=\"0.7\"/>"
  }

  private func mark(_ point: Point) -> String {
    let (x, y) = place(point.x, point.y)
    let isRight = x > Self.size.width * 0.6
    let style = point.isOnFront ? "fill=\"#3b82f6\"" : "fill=\"none\" stroke=\"currentColor\""
    return "<circle cx=\"\(pixels(x))\" cy=\"\(pixels(y))\" r=\"5\" \(style)/>"
      + label(point.name, isRight ? x - 9 : x + 9, y - 7, anchor: isRight ? "end" : "start")
  }
}
