import DistillCore
import Foundation

/// The results of a run or an evaluation.
public struct Report: Sendable, Codable {
  public let name: String
  /// The version of the program that made the report.
  public let version: String
  /// One row for each way of answering: teacher, student, and student with knowledge base. Empty if there was no validation
  /// file.
  public let rows: [EvaluationRow]
  package let mixing: Mixing?
  package let knowledgeBaseSize: Int?
  /// How closely the matched layers agree. Empty if there is no teacher.
  package let layers: [LayerAgreement]

  package init(
    name: String, rows: [EvaluationRow] = [], mixing: Mixing? = nil, knowledgeBaseSize: Int? = nil,
    layers: [LayerAgreement] = []
  ) {
    (self.name, self.rows, self.mixing, self.knowledgeBaseSize) = (name, rows, mixing, knowledgeBaseSize)
    self.layers = layers
    version = SwiftDistill.version
  }

  /// A line with the mean attention KL and the mean [CLS] cosine loss over the matched layers.
  private var layerLine: String? {
    func mean(_ figure: (LayerAgreement) -> Double?) -> String? {
      let values = layers.compactMap(figure)
      return values.isEmpty ? nil : Self.fixed(values.reduce(0, +) / Double(values.count), 4)
    }
    let figures = [mean(\.attentionKL).map { "attention KL \($0)" }, mean(\.cosine).map { "[CLS] cosine loss \($0)" }]
      .compactMap { $0 }
    guard !figures.isEmpty else { return nil }
    let pairs = layers.map { "\(LayerPair(student: $0.student, teacher: $0.teacher))" }.joined(separator: ", ")
    return "matched layers (\(pairs)): " + figures.joined(separator: ", ")
  }

  private var mixingLine: String? {
    guard let mixing, let knowledgeBaseSize else { return nil }
    return "knowledge base: \(knowledgeBaseSize) embeddings, K = \(mixing.neighbours), β = \(mixing.beta), "
      + "τ = \(mixing.temperature)"
  }

  /// The cells of the table, row by row, starting with the header.
  private var cells: [[String]] {
    let metrics = rows.first?.scores.map(\.metric) ?? []
    let body = rows.map { row in
      [row.name] + row.scores.map { Self.fixed($0.value, 4) }
        + [Self.fixed(Double(row.parameters) / 1e6, 1) + " M", Self.fixed(row.speed, 0)]
    }
    return [[""] + metrics + ["parameters", "sequences/s"]] + body
  }

  /// The report as a table for a terminal.
  public var text: String {
    guard !rows.isEmpty else { return "no validation file, nothing to report" }
    let cells = cells
    let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    var lines = cells.map { row in
      row.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - row[column].count)
        return column == 0 ? row[column] + padding : padding + row[column]
      }.joined(separator: "  ")
    }
    lines.insert(String(repeating: "-", count: lines[0].count), at: 1)
    return (lines + [mixingLine, layerLine].compactMap { $0 }).joined(separator: "\n")
  }

  /// Returns the report as JSON.
  public func json() throws -> String { String(decoding: try JSONEncoder.pretty.encode(self), as: UTF8.self) }

  func write(to folder: RunFolder) throws {
    try AtomicFile.write(Data(json().utf8), to: folder.report)
    try AtomicFile.write(Data(html.utf8), to: folder.page)
  }

  private var html: String {
    func escape(_ text: String) -> String {
      text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
    let table = cells.enumerated().map { index, row in
      let tag = index == 0 ? "th" : "td"
      return "<tr>" + row.map { "<\(tag)>\(escape($0))</\(tag)>" }.joined() + "</tr>"
    }
    return """
      <!doctype html>
      <html lang="en"><meta charset="utf-8"><title>\(escape(name))</title>
      <style>body{font:16px system-ui;margin:3em}td,th{padding:.3em 1em;text-align:right}td:first-child{text-align:left}</style>
      <h1>\(escape(name))</h1>
      <table>\(table.joined(separator: "\n"))</table>
      \([mixingLine, layerLine].compactMap { $0 }.map { "<p>\(escape($0))</p>" }.joined(separator: "\n"))
      </html>

      """
  }

  /// Returns a number with a fixed number of decimal places, in the same form for every locale.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", locale: Locale(identifier: "en_US_POSIX"), value)
  }
}
