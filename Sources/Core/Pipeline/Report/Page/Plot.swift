import Foundation

/// A rectangle with axes, in which charts draw.
struct Plot {
  /// A range of numbers along an edge, linear or by their logarithm.
  struct Axis {
    let low, high: Double
    let isLogarithmic: Bool
    let title: String

    /// Creates an axis around some values, with some room beyond them.
    init(around values: [Double], least: Double, title: String, isLogarithmic: Bool = false, room: Double = 0.08) {
      let numbers = isLogarithmic ? values.map { log10(max($0, 1e-300)) } : values
      let (low, high) = (numbers.min() ?? 0, numbers.max() ?? 1)
      let space = max(room * (high - low), least)
      (self.low, self.high, self.title, self.isLogarithmic) = (low - space, high + space, title, isLogarithmic)
    }

    init(_ range: ClosedRange<Double>, title: String) {
      (low, high, self.title, isLogarithmic) = (range.lowerBound, range.upperBound, title, false)
    }

    /// The place of a value, from 0 to 1.
    func place(_ value: Double) -> Double { ((isLogarithmic ? log10(max(value, 1e-300)) : value) - low) / (high - low) }

    /// Round values along the axis, with their texts.
    var ticks: [(value: Double, text: String)] {
      if isLogarithmic {
        let values = (Int(low.rounded(.down))...Int(high.rounded(.up))).flatMap { decade in
          [1.0, 2, 5].map { $0 * pow(10, Double(decade)) }
        }.filter { (low...high).contains(log10($0)) }
        let shown = values.count > 7 ? values.filter { log10($0) == log10($0).rounded() } : values
        return shown.map { ($0, Self.text($0, step: $0)) }
      }
      let exponent = pow(10, (log10(max(high - low, 1e-300)) - 1).rounded(.down))
      let step = [1.0, 2, 5, 10, 20, 50].map { $0 * exponent }.first { (high - low) / $0 <= 6 } ?? exponent * 100
      return stride(from: (low / step).rounded(.up) * step, through: high + step * 1e-9, by: step).map {
        let value = abs($0) < step * 1e-9 ? 0 : $0
        return (value, Self.text(value, step: step))
      }
    }

    private static func text(_ value: Double, step: Double) -> String {
      if value == 0 { return "0" }
      if step < 1e-3 {
        let exponent = Int(log10(abs(value)).rounded(.down))
        let digits = Report.fixed(value / pow(10, Double(exponent)), 1)
        return "\(digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits)e\(exponent)"
      }
      return Report.fixed(value, max(0, Int((-log10(step) - 1e-9).rounded(.up))))
    }
  }

  let size: (width: Double, height: Double)
  let x, y: Axis
  private static let margin = (left: 62.0, right: 18.0, top: 26.0, bottom: 46.0)

  /// Where a point is in the drawing.
  func point(_ valueX: Double, _ valueY: Double) -> (x: Double, y: Double) {
    let margin = Self.margin
    return (
      margin.left + x.place(valueX) * (size.width - margin.left - margin.right),
      size.height - margin.bottom - y.place(valueY) * (size.height - margin.top - margin.bottom)
    )
  }

  /// Returns the drawing with its axes.
  func svg(_ title: String, _ contents: [Markup]) -> Markup {
    let left = Self.margin.left
    let across = y.ticks.map { tick -> Markup in
      let at = point(0, tick.value).y
      return """
        <line class="grid" x1="\(left)" x2="\(size.width - Self.margin.right)" y1="\(at)" y2="\(at)"/>\
        <text x="\(left - 7)" y="\(at + 4)" text-anchor="end">\(tick.text)</text>
        """
    }
    let up = x.ticks.map { tick -> Markup in
      let at = left + x.place(tick.value) * (size.width - left - Self.margin.right)
      let bottom = size.height - Self.margin.bottom
      return """
        <line class="grid" x1="\(at)" x2="\(at)" y1="\(Self.margin.top)" y2="\(bottom)"/>\
        <text x="\(at)" y="\(bottom + 17)" text-anchor="middle">\(tick.text)</text>
        """
    }
    let middle = (left + size.width - Self.margin.right) / 2
    return """
      <div class="wide"><svg viewBox="0 0 \(size.width) \(size.height)" width="\(size.width)" style="min-width:\(min(size.width * 0.8, 640))px" role="img">
      <title>\(title)</title>
      \(across + up + contents)
      <text x="\(middle)" y="\(size.height - 8)" text-anchor="middle">\(x.title)</text>
      <text x="8" y="14">\(y.title)</text>
      </svg></div>
      """
  }

  /// Returns a line through some points.
  func line(_ points: [(Double, Double)], _ style: String) -> Markup {
    let places = points.map { point($0.0, $0.1) }.map { "\(Report.fixed($0.x, 1)),\(Report.fixed($0.y, 1))" }
    return "<polyline class=\"\(style)\" points=\"\(places.joined(separator: " "))\"/>"
  }
}
