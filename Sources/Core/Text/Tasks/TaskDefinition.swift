/// What a task asks for.
public enum TaskKind: Sendable, Equatable {
  /// One of several classes, named in the order of their indices.
  case classification(labels: [String])
  /// A number.
  case regression

  fileprivate var usualMetrics: [Metric] {
    switch self {
    case .classification(let labels): [.accuracy, labels.count == 2 ? .f1 : .macroF1]
    case .regression: [.pearson, .spearman]
    }
  }
}

/// A task: what is asked, how it is measured, and how its files are laid out.
public struct TaskDefinition: Sendable, Equatable {
  public let name: String
  public let kind: TaskKind
  /// The first one selects the best student. Where none were chosen they follow from the kind, so labels that are collected
  /// later decide as labels that were given.
  public var metrics: [Metric] { chosenMetrics ?? kind.usualMetrics }
  let chosenMetrics: [Metric]?
  public let layout: RowLayout
  /// How files spell the labels, in the order of their indices; empty for a regression.
  let spellings: [String]

  init(_ name: String, _ kind: TaskKind, _ metrics: [Metric]?, _ layout: RowLayout, spellings: [String]? = nil) {
    self.name = name
    self.kind = kind
    chosenMetrics = metrics
    self.layout = layout
    if case .classification(let labels) = kind { self.spellings = spellings ?? labels } else { self.spellings = [] }
  }

  /// A task over files of one's own.
  ///
  /// - Parameters:
  ///   - layout: its `target` column holds the label, or for a regression the score.
  ///   - labels: the labels in the order of their indices; `nil` for a regression, empty to collect them from the
  ///     training file (see `collectingLabels(from:)`).
  ///   - metrics: `nil` for accuracy and F1 (two labels) or macro-F1, Pearson and Spearman for a regression.
  /// - Throws: `TaskDefinitionError` for repeated labels, a single label, and metrics that do not suit the task.
  public static func generic(_ layout: RowLayout, labels: [String]?, metrics: [Metric]? = nil) throws -> TaskDefinition
  {
    if let repeated = labels?.enumerated().first(where: { labels?.prefix($0.offset).contains($0.element) == true }) {
      throw TaskDefinitionError("the label '\(repeated.element)' is listed twice")
    }
    if let labels, labels.count == 1 { throw TaskDefinitionError("a classification needs two labels or more") }
    if layout.pair == layout.text || layout.target == layout.text || layout.target == layout.pair {
      throw TaskDefinitionError("text, pair and label (or score) must be three different columns")
    }
    let kind = labels.map { TaskKind.classification(labels: $0) } ?? .regression
    if let metrics, metrics.isEmpty { throw TaskDefinitionError("a task needs a metric") }
    if let metric = metrics?.first(where: { !$0.suits(kind) }) {
      let suitable = Metric.allCases.filter { $0.suits(kind) }.map(\.rawValue).joined(separator: ", ")
      throw TaskDefinitionError("the metric '\(metric.rawValue)' does not suit this task; those that do: \(suitable)")
    }
    return TaskDefinition(layout.format.rawValue, kind, metrics, layout)
  }
}

/// Why there can be no such task.
public struct TaskDefinitionError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
