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
    case .regression:
      let scores = targets.compactMap(\.score)
      constant = ("mean score", .score(scores.reduce(0, +) / Float(max(scores.count, 1))))
    }
  }
}

extension Target {
  /// The label, or `nil` for a score.
  var label: Int? { if case .label(let label) = self { label } else { nil } }
  /// The score, or `nil` for a label.
  var score: Float? { if case .score(let score) = self { score } else { nil } }
}
