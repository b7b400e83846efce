/// The kind of answer that a task asks for.
public enum TaskKind: Sendable, Equatable {
  /// One of several classes, whose labels are in the order of their indices. They are empty until they have been collected.
  case classification(labels: [String])
  /// A number.
  case regression

  /// C: how many numbers a model answers with, one for each label or the score.
  public var outputs: Int {
    switch self {
    case .classification(let labels): labels.count
    case .regression: 1
    }
  }

  var usualMetrics: [Metric] {
    switch self {
    case .classification(let labels): [.accuracy, labels.count == 2 ? .f1 : .macroF1]
    case .regression: [.pearson, .spearman]
    }
  }
}
