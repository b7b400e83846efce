/// Where a training stands.
public struct TrainingProgress: Sendable, Equatable {
  /// Epochs finished.
  public var epoch: Int
  /// Steps finished, in all epochs.
  public var step: Int
  /// Pairs of layers that the terms could be applied to.
  public var layerPairs: Int

  public init(epoch: Int, step: Int, layerPairs: Int) {
    (self.epoch, self.step, self.layerPairs) = (epoch, step, layerPairs)
  }
}

/// What counts in a step.
public struct Focus: Sendable, Equatable {
  /// Indices into the layer map whose layer-wise terms count.
  public var layerPairs: Range<Int>
  /// Whether terms on outputs count.
  public var outputs: Bool

  public init(layerPairs: Range<Int>, outputs: Bool) { (self.layerPairs, self.outputs) = (layerPairs, outputs) }
}

/// What happened in a step, for a schedule to decide upon.
public struct StepReport: Sendable {
  public var progress: TrainingProgress
  public var isEndOfEpoch: Bool
  /// Each term's unweighted value; layer-wise terms under `name.L`, L being the student's layer.
  public var figures: [String: Double]

  public init(progress: TrainingProgress, isEndOfEpoch: Bool, figures: [String: Double]) {
    (self.progress, self.isEndOfEpoch, self.figures) = (progress, isEndOfEpoch, figures)
  }
}

/// A schedule's memory, kept in checkpoints.
public struct SchedulerState: Codable, Sendable, Equatable {
  public var values: [String: Double]
  public init(_ values: [String: Double] = [:]) { self.values = values }
}

/// Which layers and which terms count, and when to move up.
public protocol Scheduler: Plugin, Sendable {
  /// A function of progress and state alone.
  func focus(_ progress: TrainingProgress) -> Focus
  mutating func observe(_ report: StepReport)
  var state: SchedulerState { get set }
}
