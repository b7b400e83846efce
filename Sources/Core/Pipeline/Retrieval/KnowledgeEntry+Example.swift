import DistillCore
import DistillKnowledge

extension KnowledgeEntry {
  /// Creates an entry for an example of a task.
  init(_ example: Example, task: TaskKind, keepsText: Bool, source: String) {
    var (label, all, score) = (String?.none, [String]?.none, Float?.none)
    switch (example.target, task) {
    case (.label(let index)?, .classification(let labels)): label = labels[index]
    case (.labels(let indices)?, .multilabel(let labels)): all = indices.map { labels[$0] }
    case (.score(let value)?, _): score = value
    default: break
    }
    self.init(
      text: keepsText ? example.text : nil, pair: keepsText ? example.pair : nil, label: label, labels: all,
      score: score,
      source: source)
  }
}
