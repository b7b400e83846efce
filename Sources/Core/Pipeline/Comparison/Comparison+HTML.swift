import DistillTraining

extension Comparison {
  /// The comparison as a page: the table, the scores over the speeds, and the curves of all runs on top of each other.
  var html: String {
    let table = Markup.table(cells.map { $0.map { Markup(text: $0) } })
    let chart = rows.first?.scores.first.flatMap { score in
      CostChart(
        rows.compactMap { row in row.speed.map { (row.name, $0, row.scores.first?.mean ?? 0, row.interval) } },
        metric: score.metric)?.svg
    }
    var sections: [Page.Section] = [("take", "Which should I take?", "\(table)<p>\(legend)</p>\(chart ?? .none)")]
    let drawn = curves.map { $0.svg }.compactMap { $0 }
    if !drawn.isEmpty { sections.append(("learning", "How did they learn?", "\(drawn)")) }
    return Page(title: "Runs side by side", sections: sections).html
  }

  /// The loss and the scores of all students, with a colour for each group of runs.
  private var curves: [CurveChart] {
    let groups = learning.map { $0.group }.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    func chart(_ title: String, hasDots: Bool, _ pick: (LearningCurves) -> LearningCurves.Curve?) -> CurveChart {
      let own = learning.compactMap { run in
        pick(run.curves).map { LearningCurves.Curve(name: run.group, steps: $0.steps, values: $0.values) }
      }
      return CurveChart(
        name: "\(title) of all students over steps", title: title, curves: own,
        colours: own.map { groups.firstIndex(of: $0.name) ?? 0 }, least: hasDots ? 0.01 : 1e-9, hasDots: hasDots)
    }
    let metrics = learning.flatMap { $0.curves.scores.map(\.name) }.reduce(into: [String]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    return [chart("loss", hasDots: false) { $0.losses.first }]
      + metrics.map { metric in chart(metric, hasDots: true) { $0.scores.first { $0.name == metric } } }
  }
}
