/// A task: the kind of its answers, its metrics, and the layout of its files.
public struct TaskDefinition: Sendable, Equatable {
  public let name: String
  public let kind: TaskKind
  /// The metrics, of which the first selects the best student.
  ///
  /// Unless they were chosen, they follow from the current kind, so that labels that are collected later have the same effect as
  /// labels that were given from the start.
  public var metrics: [Metric] { chosenMetrics ?? kind.usualMetrics }
  let chosenMetrics: [Metric]?
  package let layout: RowLayout
  /// Whether each example has two texts.
  package var hasPairs: Bool { layout.pair != nil }
  /// The labels as they are written in files, in the order of their indices. Empty for a regression.
  package let spellings: [String]

  init(_ name: String, _ kind: TaskKind, _ metrics: [Metric]?, _ layout: RowLayout, spellings: [String]? = nil) {
    self.name = name
    self.kind = kind
    chosenMetrics = metrics
    self.layout = layout
    self.spellings = spellings ?? kind.labels ?? []
  }

  /// Creates a task for files of the user's own.
  ///
  /// - Parameters:
  ///   - layout: The layout of the files. Its `target` column contains the label, or the score of a regression.
  ///   - labels: The labels in the order of their indices; `nil` for a regression; empty if they are to be collected from the
  ///     training file (see `collectingLabels(from:)`).
  ///   - isMultilabel: Whether a text can have several labels, or none.
  ///   - metrics: The metrics. If `nil`, they are accuracy and F1 for two labels, accuracy and macro-F1 for other numbers of
  ///     labels, micro-F1 and macro-F1 for several labels of a text, and the correlations of Pearson and Spearman for a regression.
  /// - Throws: ``TaskDefinitionError`` if a label is repeated, if there is only one label, if two columns are the same, or if a
  ///   metric is not defined for the task.
  public static func generic(
    _ layout: RowLayout, labels: [String]?, isMultilabel: Bool = false, metrics: [Metric]? = nil
  ) throws -> TaskDefinition {
    if let repeated = labels?.enumerated().first(where: { labels?.prefix($0.offset).contains($0.element) == true }) {
      throw TaskDefinitionError("the label '\(repeated.element)' is listed twice")
    }
    if let labels, labels.count == 1 { throw TaskDefinitionError("a classification needs two labels or more") }
    if layout.pair == layout.text || layout.target == layout.text || layout.target == layout.pair {
      throw TaskDefinitionError("text, pair and label (or score) must be three different columns")
    }
    let kind =
      labels.map { isMultilabel ? TaskKind.multilabel(labels: $0) : .classification(labels: $0) } ?? .regression
    if let metrics, metrics.isEmpty { throw TaskDefinitionError("a task needs a metric") }
    if let metric = metrics?.first(where: { !$0.suits(kind) }) {
      let suitable = Metric.allCases.filter { $0.suits(kind) }.map(\.rawValue).joined(separator: ", ")
      throw TaskDefinitionError("the metric '\(metric.rawValue)' does not suit this task; those that do: \(suitable)")
    }
    var layout = layout
    layout.labelSeparator = isMultilabel ? layout.labelSeparator ?? "|" : nil
    return TaskDefinition(layout.format.rawValue, kind, metrics, layout)
  }
}
