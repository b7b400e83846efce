import DistillCore
import DistillTraining

extension Report {
  /// The report as a table for a terminal.
  public var text: String {
    guard !rows.isEmpty else { return "no validation file, nothing to report" }
    return ([TextTable(cells: cells).text] + (labelCells.map { [TextTable(cells: $0).text] } ?? []) + notes)
      .joined(separator: "\n")
  }

  /// The cells of the table, row by row, starting with the header.
  var cells: [[String]] {
    let header =
      [""] + metrics + ["95 %", "to student", isClassification ? "p" : "95 % of it", "parameters", "texts/s"]
    return [header]
      + rows.map { row in
        [row.name] + row.scores.map { Self.fixed($0.value, 4) } + [Self.range(row.interval)]
          + (row.comparison.map { comparison in
            [
              Self.signed(comparison.difference),
              comparison.p.map(Self.probability) ?? Self.range(comparison.interval),
            ]
          } ?? ["", ""]) + [
            row.parameters.map { Self.fixed(Double($0) / 1e6, 1) + " M" } ?? "",
            row.speed.map { Self.fixed($0, 0) } ?? "",
          ]
      }
  }

  /// The cells of the table of labels that the student does not know, or `nil` if there are none.
  var labelCells: [[String]]? {
    guard let labels else { return nil }
    func cell(_ value: Double?) -> String { value.map { Self.fixed($0, 4) } ?? "" }
    return [
      ["accuracy", "\(labels.known) texts of known labels", "\(labels.taught) of labels taught later", "harmonic mean"]
    ] + labels.rows.map { [$0.name, cell($0.known), cell($0.taught), cell($0.harmonicMean)] }
  }

  private var metrics: [String] { rows.first?.scores.map(\.metric) ?? [] }
  private var isClassification: Bool { rows.contains { $0.comparison?.p != nil } }

  static func probability(_ p: Double) -> String { p < 0.0001 ? "< 0.0001" : fixed(p, 4) }
  static func signed(_ value: Double) -> String {
    let text = fixed(value, 4)
    return text.hasPrefix("-") ? text : "+" + text
  }
  static func range(_ interval: ConfidenceInterval) -> String {
    "\(fixed(interval.low, 3)) … \(fixed(interval.high, 3))"
  }

  /// The lines below the table.
  var notes: [String] {
    [legend, thresholdLine, selection].compactMap { $0 } + (remarks ?? [])
      + [mixingLine, retrievalLine, noveltyLine, layerLine].compactMap { $0 }
  }

  private var legend: String? {
    guard let metric = metrics.first, rows.contains(where: { $0.comparison != nil }) else { return nil }
    return "95 %: interval of \(metric) over resamples of the \(count) texts. to student: the difference in \(metric)"
      + (isClassification ? "; p: exact McNemar test of right answers" : " and its interval, resampled in pairs") + "."
  }

  private var thresholdLine: String? {
    let chosen = rows.compactMap { row in row.threshold.map { "\(Self.fixed(Double($0), 3)) \(row.name)" } }
    return chosen.isEmpty ? nil : "a label is given from this probability on: " + chosen.joined(separator: ", ")
  }

  private var mixingLine: String? {
    guard let mixing, let knowledgeBaseSize else { return nil }
    return "knowledge base: \(knowledgeBaseSize) embeddings, K = \(mixing.neighbours), β = \(mixing.beta), "
      + "τ = \(mixing.temperature)"
      + (mixing.studentTemperature == 1
        ? "" : ", the student's T = \(Self.fixed(Double(mixing.studentTemperature), 2))")
      + (mixing.studentLine == Mixing.Line()
        ? ""
        : ", the student's scores · \(Self.fixed(Double(mixing.studentLine.slope), 3)) "
          + (mixing.studentLine.offset < 0 ? "− " : "+ ") + Self.fixed(Double(abs(mixing.studentLine.offset)), 3))
      + (search.map { "; \($0)" } ?? "")
  }

  private var retrievalLine: String? {
    guard let retrieval else { return nil }
    func percent(_ share: Double?) -> String { share.map { Self.fixed(100 * $0, 1) + " %" } ?? "undefined" }
    func cosine(_ value: Double?) -> String { value.map { Self.fixed($0, 3) } ?? "undefined" }
    let map = retrieval.mapCosine.map {
      "the map to the base meets its embeddings with a mean cosine of \(Self.fixed($0, 3))\n"
    }
    return """
      \(map ?? "")keys: \(percent(retrieval.varianceWithinClasses)) of the variance within classes; mean cosine \
      \(cosine(retrieval.cosineWithinClasses)) within, \(cosine(retrieval.cosineBetweenClasses)) between classes
      retrieval alone \(Self.fixed(retrieval.retrievalAlone, 4)), with one key per class \
      \(Self.fixed(retrieval.oneKeyPerClass, 4)); differs from the student on \(retrieval.disagreements) texts, where the student \
      is right on \(retrieval.studentIsRight) and retrieval on \(retrieval.retrievalIsRight); the right one of both: \
      \(Self.fixed(retrieval.perfectArbitration, 4))
      """
  }

  private var noveltyLine: String? {
    guard let novelty, let labels else { return nil }
    func percent(_ share: Double?) -> String { share.map { Self.fixed(100 * $0, 1) + " %" } ?? "" }
    let flags = novelty.found.map { found in
      "; `unknown` are \(percent(found)) of them and \(percent(novelty.falseAlarms)) of the others"
    }
    return "\(labels.untaught) texts have labels that nobody has taught. Novelty tells them apart with an AUROC of "
      + "\(Self.fixed(novelty.auroc, 4)), the student's largest probability with \(Self.fixed(novelty.aurocOfProbability, 4))"
      + (flags ?? "")
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
}
