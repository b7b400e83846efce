import Foundation

extension Report {
  /// The report as a page that needs no network, in the colours that the reader's system prefers.
  package var html: String { ReportPage(report: self).html }
}

/// The page of a report. Everything on it is in the report's JSON, too.
struct ReportPage {
  let report: Report
  private var findings: Findings { report.findings ?? Findings() }
  private typealias Section = Page.Section

  var html: String {
    Page(title: report.name, sections: [take, learning, errors, texts, knowledge, cost].compactMap { $0 }).html
  }

  private func paragraphs(_ lines: [String?]) -> [Markup] { lines.compactMap { $0 }.map { "<p>\($0)</p>" } }

  private var take: Section? {
    guard !report.rows.isEmpty else { return ("take", "Nothing to compare", "<p>There was no validation file.</p>") }
    let cells = [report.cells, report.labelCells].compactMap { $0 }.map { table in
      Markup.table(table.map { $0.map { Markup(text: $0) } })
    }
    return (
      "take", "Which should I take?",
      "\(cells)\n\(paragraphs(report.notes))\n\(chart ?? .none)"
    )
  }

  private var chart: Markup? {
    guard let metric = report.rows.first?.scores.first?.metric else { return nil }
    return CostChart(
      report.rows.compactMap { row in row.speed.map { (row.name, $0, row.scores.first?.value ?? 0, row.interval) } },
      metric: metric)?.svg
  }

  private var learning: Section? {
    guard !findings.curves.isEmpty else { return nil }
    // The student comes first, though its teacher was trained before.
    let phases = findings.curves.sorted { $0.phase == "student" && $1.phase != "student" }
    return (
      "learning", "How did it learn?",
      "\(phases.map(phase))"
    )
  }

  private func phase(_ curves: LearningCurves) -> Markup {
    let moves = curves.moves.map { "from step \($0.step): \($0.stage)" }.joined(separator: "; ")
    return """
      <h3>\(curves.phase)</h3><div class="row">\(curves.svg)</div>
      \(paragraphs([moves.isEmpty ? nil : "Stages (dotted): \(moves)."]))
      """
  }

  private var errors: Section? {
    if let scores = findings.scores, !scores.isEmpty {
      let drawings = scores.map { own -> Markup in
        """
        <div><h3>\(own.row)</h3>\(own.svg)
        <p>Mean absolute error \(own.meanAbsoluteError, 4), mean error \(own.meanError, 4).</p></div>
        """
      }
      return ("errors", "Where does it err?", "<div class=\"row\">\(drawings)</div>")
    }
    guard !findings.classes.isEmpty else { return nil }
    let parts = findings.classes.enumerated().map { place, own -> Markup in
      let calibration = findings.calibration.first { $0.row == own.row }
      let matrix: Markup =
        own.confusions.isEmpty ? .none : "\(own.svg)<p>Rows are right classes, columns are answers.</p>"
      return """
        <details\(place == findings.classes.count - 1 ? " open" : "" as Markup)><summary>\(own.row)</summary>
        \(matrix)<p>Macro F1: \(own.macroF1, 4).</p>
        <div class="row"><div>\(own.confusions.isEmpty ? weakest(own) : confusions(own))</div><div>\(calibration.map(calibrated) ?? .none)</div></div>
        <details><summary>Precision, recall and F1 of each class</summary>\(classes(own))</details>
        </details>
        """
    }
    return ("errors", "Where does it err?", "\(parts)")
  }

  private func confusions(_ breakdown: ClassBreakdown) -> Markup {
    let worst = breakdown.confusions.filter { $0[0] != $0[1] }.sorted { ($0[2], $1[0], $1[1]) > ($1[2], $0[0], $0[1]) }
    guard !worst.isEmpty else { return "<p>No text was taken for another class.</p>" }
    let rows = worst.prefix(12).map { entry -> [Markup] in
      ["\(breakdown.classes[entry[0]].name)", "\(breakdown.classes[entry[1]].name)", "\(entry[2])"]
    }
    return .table([["right class", "taken for", "texts"]] + rows, style: "names")
  }

  /// The labels with the lowest F1, for texts with several labels, of which none is taken for another.
  private func weakest(_ breakdown: ClassBreakdown) -> Markup {
    let rows = breakdown.classes.filter { $0.support > 0 }.sorted { ($0.f1, $0.name) < ($1.f1, $1.name) }.prefix(12)
    return .table(
      [["label", "texts", "of which found", "given to others", "F1"]]
        + rows.map { own -> [Markup] in
          let found = Int((own.recall * Double(own.support)).rounded())
          return ["\(own.name)", "\(own.support)", "\(found)", "\(own.predicted - found)", "\(own.f1, 3)"]
        }, style: "names")
  }

  private func calibrated(_ calibration: ProbabilityCalibration) -> Markup {
    let after = calibration.errorWithTemperature.map { error in
      " With the temperature \(Report.fixed(calibration.temperature ?? 1, 2)), which was fitted on held-out texts: "
        + "\(Report.fixed(error, 4)), and \(Report.fixed(calibration.logLossWithTemperature ?? 0, 4))."
    }
    return """
      \(calibration.svg)
      <p>Expected calibration error \(calibration.error, 4), log loss \(calibration.logLoss, 4).\(after ?? "")</p>
      """
  }

  private func classes(_ breakdown: ClassBreakdown) -> Markup {
    .table(
      [["class", "texts", "precision", "recall", "F1"]]
        + breakdown.classes.map {
          ["\($0.name)", "\($0.support)", "\($0.precision, 3)", "\($0.recall, 3)", "\($0.f1, 3)"]
        })
  }

  private var texts: Section? {
    guard !findings.texts.isEmpty else { return nil }
    let reasons = ReportedText.Reason.allCases.map { reason -> Markup in
      let count = findings.texts.count { $0.reasons.contains(reason) }
      return "<option value=\"\(reason.rawValue)\">\(reason.title) (\(count))</option>"
    }
    let items = findings.texts.map { text -> Markup in
      let answers = text.answers.map { answer -> Markup in
        """
        <li class="\(answer.label == text.label ? "hit" : "miss")">\(answer.row): \(answer.label) <small>\(answer.probability, 3)</small></li>
        """
      }
      let neighbours = text.neighbours.map { neighbour -> Markup in
        """
        <li>\(neighbour.label ?? "no label") <small>\(neighbour.similarity, 3)</small> \(Self.shown(neighbour.text, neighbour.pair))</li>
        """
      }
      return """
        <article data-reasons="\(text.reasons.map(\.rawValue).joined(separator: " "))">
        <p class="text"><small>line \(text.line)</small> \(Self.shown(text.text, text.pair))</p>
        <p>Right: <strong>\(text.label)</strong></p><ul>\(answers)</ul>
        \(neighbours.isEmpty ? .none : "<details><summary>neighbours</summary><ul>\(neighbours)</ul></details>")
        </article>
        """
    }
    return (
      "texts", "Show me",
      """
      <p class="filter"><label>Show <select id="reason"><option value="">all (\(findings.texts.count))</option>\(reasons)</select></label>
      <label>containing <input id="containing" type="search"></label></p>
      <p>At most \(TextChoice.most) texts of each kind, those first of which it was most sure.</p>
      <div id="list">\(items)</div>
      """
    )
  }

  private static func shown(_ text: String?, _ pair: String?) -> Markup {
    guard let text else { return "<i>text not kept</i>" }
    return pair.map { "\(text) <span class=\"pair\">\($0)</span>" } ?? "\(text)"
  }

  private var knowledge: Section? {
    guard let map = findings.map else { return nil }
    let hubs = map.hubs.map { hub -> [Markup] in
      ["\(Self.shown(hub.text, nil))", "\(hub.label ?? "")", "\(hub.texts)"]
    }
    let doubts = map.doubts.map { doubt -> [Markup] in
      [
        "\(Self.shown(doubt.text, nil)) <small>\(doubt.source ?? "")</small>", "\(doubt.label)",
        map.areTeachersDoubts == true ? "\(doubt.others), \(doubt.similarity)" : "\(doubt.others)",
      ]
    }
    let legend: [Markup] =
      map.labels.count > 8
      ? ["Colours repeat after eight labels; point at a dot for its label."]
      : map.labels.enumerated().map { "<span class=\"key c\($0.offset)\">\($0.element)</span>" }
    return (
      "knowledge", "What is in the knowledge base?",
      """
      \(map.svg)<p>\(legend)</p>
      <p>\(map.points.count) of \(report.knowledgeBaseSize ?? 0) keys, in the two directions of the largest variance, which have \
      \(100 * map.variance) % of it.</p>
      <h3>Labels that look wrong</h3>
      \(doubts.isEmpty
        ? map.areTeachersDoubts == true
          ? "<p>The teacher's answers agree with all labels.</p>" : "<p>No key has only neighbours of one other label.</p>"
        : Markup.table(
          [["text", "label", map.areTeachersDoubts == true ? "the teacher's answer" : "its \(KnowledgeMap.neighbours) neighbours"]] + doubts,
          style: "names"))
      <h3>Found most often</h3>
      \(Markup.table([["text", "label", "validation texts"]] + hubs, style: "names"))
      """
    )
  }

  private var cost: Section? {
    guard let material = findings.material else { return nil }
    let order = ["teacher", "student", "knowledge_base", "baselines", "evaluation"]
    let stages = material.seconds.sorted {
      (order.firstIndex(of: $0.key) ?? order.count, $0.key) < (order.firstIndex(of: $1.key) ?? order.count, $1.key)
    }
    let seconds = stages.map { stage, seconds -> [Markup] in
      ["\(stage.replacing("_", with: " "))", "\(seconds)"]
    }
    let texts = material.texts.map { texts -> [Markup] in
      [
        "\(texts.name)", "\(texts.count)", "\(texts.truncated)", "\(texts.duplicates)",
        texts.name == "training" ? .none : "\(texts.inTraining)",
      ]
    }
    let memory = material.peakMemory.map { ", \(Report.fixed(Double($0) / 1_048_576, 0)) MiB of memory at most" } ?? ""
    return (
      "cost", "What did it cost, and what was it made of?",
      """
      <div class="row"><div>\(Markup.table([["stage", "seconds"]] + seconds, style: "names"))</div>
      <div>\(Markup.table([["texts", "number", "cut at max_length", "duplicates", "in training"]] + texts))</div></div>
      <p>\(material.precision), \(material.threads) threads\(memory), seed \(material.seed).</p>
      <details><summary>Files</summary>\(Markup.table(
        [["file", "SHA-256"]] + material.files.map { ["\($0.name)", "<code>\($0.sha256)</code>"] }, style: "names"))</details>
      <details><summary>Pipeline</summary><pre>\(material.pipeline)</pre></details>
      """
    )
  }
}

extension ReportedText.Reason {
  fileprivate var title: String {
    switch self {
    case .error: "errors"
    case .disagreement: "teacher and student differ"
    case .rescued: "right where the student alone is wrong"
    case .spoiled: "wrong where the student alone is right"
    }
  }
}
