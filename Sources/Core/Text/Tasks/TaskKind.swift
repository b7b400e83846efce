/// The kind of answer that a task asks for.
public enum TaskKind: Sendable, Equatable {
  /// One of several classes, whose labels are in the order of their indices. They are empty until they have been collected.
  case classification(labels: [String])
  /// All of several labels that apply to a text, which may be none, in the order of their indices. Models answer with a probability for
  /// each label, the sigmoid of its logit.
  case multilabel(labels: [String])
  /// A number.
  case regression

  /// The labels in the order of their indices, or `nil` for a regression.
  public var labels: [String]? {
    switch self {
    case .classification(let labels), .multilabel(let labels): labels
    case .regression: nil
    }
  }

  /// C: how many numbers a model answers with, one for each label or the score.
  public var outputs: Int {
    labels?.count ?? 1
  }

  /// Whether a text can have several labels.
  public var isMultilabel: Bool { if case .multilabel = self { true } else { false } }

  /// Returns this kind with other labels. A regression stays one.
  package func with(labels: [String]) -> TaskKind {
    switch self {
    case .classification: .classification(labels: labels)
    case .multilabel: .multilabel(labels: labels)
    case .regression: .regression
    }
  }

  var usualMetrics: [Metric] {
    switch self {
    case .classification(let labels): [.accuracy, labels.count == 2 ? .f1 : .macroF1]
    case .multilabel: [.microF1, .macroF1]
    case .regression: [.pearson, .spearman]
    }
  }
}
