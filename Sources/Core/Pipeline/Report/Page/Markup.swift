/// HTML or SVG. Whatever is put into it as text has no markup in it any more.
struct Markup: ExpressibleByStringInterpolation {
  private(set) var source: String

  init(stringLiteral source: String) { self.source = source }

  /// Text, in which no character is markup.
  init(text: String) {
    source = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }

  init(stringInterpolation: Interpolation) { source = stringInterpolation.source }

  static let none: Markup = ""

  struct Interpolation: StringInterpolationProtocol {
    fileprivate var source = ""
    init(literalCapacity: Int, interpolationCount: Int) { source.reserveCapacity(literalCapacity) }
    mutating func appendLiteral(_ literal: String) { source += literal }
    mutating func appendInterpolation(_ text: String) { source += Markup(text: text).source }
    mutating func appendInterpolation(_ number: Int) { source += "\(number)" }
    /// A number with so many decimal places.
    mutating func appendInterpolation(_ number: Double, _ digits: Int = 1) { source += Report.fixed(number, digits) }
    mutating func appendInterpolation(_ markup: Markup) { source += markup.source }
    mutating func appendInterpolation(_ list: [Markup]) { source += list.map(\.source).joined(separator: "\n") }
  }

  /// A table whose first row is its head.
  static func table(_ rows: [[Markup]], style: String = "") -> Markup {
    let lines = rows.enumerated().map { index, cells -> Markup in
      let tag: Markup = index == 0 ? "th" : "td"
      return "<tr>\(cells.map { "<\(tag)>\($0)</\(tag)>" as Markup })</tr>"
    }
    return "<div class=\"wide\"><table class=\"\(style)\">\(lines)</table></div>"
  }
}
