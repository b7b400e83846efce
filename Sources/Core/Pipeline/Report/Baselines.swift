import DistillCore

/// The ways of answering that a report compares teacher and student with.
package struct Baselines {
  /// An answer that is the same for every text.
  var constant: (name: String, answer: Target)?
  var answerers: [Answerer] = []

  package init() {}

  /// Adds the answer that is best without reading: the largest class of the training texts, or the mean of their scores.
  mutating func addConstant(_ targets: [Target], task: TaskKind) {
    switch task {
    case .classification(let labels):
      var counts = [Int](repeating: 0, count: labels.count)
      for label in targets.compactMap(\.label) { counts[label] += 1 }
      constant = ("largest class", .label(counts.indices.reduce(0) { counts[$1] > counts[$0] ? $1 : $0 }))
    case .multilabel(let labels):
      var counts = [Int](repeating: 0, count: labels.count)
      for label in targets.compactMap(\.labels).joined() { counts[label] += 1 }
      constant = ("labels of most texts", .labels(counts.indices.filter { 2 * counts[$0] > targets.count }))
    case .regression:
      let scores = targets.compactMap(\.score)
      constant = ("mean score", .score(scores.reduce(0, +) / Float(max(scores.count, 1))))
    }
  }
}

extension Target {
  /// The label, or `nil` for a score.
  var label: Int? { if case .label(let label) = self { label } else { nil } }
  /// The labels where several can apply, or `nil`.
  var labels: [Int]? { if case .labels(let labels) = self { labels } else { nil } }
  /// The label, all labels where several can apply, or none for a score.
  var allLabels: [Int] { label.map { [$0] } ?? labels ?? [] }
  /// Returns the name of the label, or the names of all with a bar between them. `nil` for a score.
  func named(_ task: TaskKind) -> String? {
    guard let names = task.labels else { return nil }
    return label.map { names[$0] } ?? labels.map { $0.map { names[$0] }.joined(separator: "|") }
  }
  /// The score, or `nil` for a label.
  var score: Float? { if case .score(let score) = self { score } else { nil } }
}
