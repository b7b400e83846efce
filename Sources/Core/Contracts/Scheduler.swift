/// Where a training stands.
public struct TrainingProgress: Sendable, Equatable {
  /// Epochs finished.
  public var epoch: Int
  /// Steps finished, in all epochs.
  public var step: Int
  public var stepsPerEpoch: Int

  public init(epoch: Int, step: Int, stepsPerEpoch: Int) {
    (self.epoch, self.step, self.stepsPerEpoch) = (epoch, step, stepsPerEpoch)
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

/// What happened in a step or in an epoch, for a schedule to decide upon.
public struct StepReport: Sendable {
  public var progress: TrainingProgress
  /// Whether this is the report of a whole epoch, which follows that of its last step.
  public var isEndOfEpoch: Bool
  /// Each term's unweighted value, or its mean over the steps of the epoch in which it counted; layer-wise terms under
  /// `name.L`, L being the student's layer.
  public var figures: [String: Double]

  public init(progress: TrainingProgress, isEndOfEpoch: Bool, figures: [String: Double]) {
    (self.progress, self.isEndOfEpoch, self.figures) = (progress, isEndOfEpoch, figures)
  }
}

/// A schedule's step from one stage to the next.
public struct StageMove: Sendable, Equatable {
  /// What is learnt from here on, e.g. `layer 2`.
  public let stage: String
  /// Why, with the figures that decided.
  public let reason: String

  public init(to stage: String, because reason: String) { (self.stage, self.reason) = (stage, reason) }
}

/// A schedule's memory, kept in checkpoints.
public struct SchedulerState: Codable, Sendable, Equatable {
  public var values: [String: Double]
  public init(_ values: [String: Double] = [:]) { self.values = values }
}

/// The pipeline that a schedule works in.
public struct ScheduledTerms: Sendable {
  /// In the order of the student's layers; empty where no term is layer-wise.
  public let layerMap: [LayerPair]
  /// Names under which the terms' figures are reported.
  public let layerTerms: [String]
  public let outputTerms: [String]
  /// Epochs of the whole training.
  public let epochs: Int

  public init(layerMap: [LayerPair], layerTerms: [String], outputTerms: [String], epochs: Int) {
    (self.layerMap, self.layerTerms, self.outputTerms, self.epochs) = (layerMap, layerTerms, outputTerms, epochs)
  }
}

/// Which layers and which terms count, and when to move up.
public protocol Scheduler: Plugin, Sendable {
  /// Refuses a pipeline that it cannot work in. Default: accepts all.
  /// - Throws: ``WiringError``
  func check(_ terms: ScheduledTerms) throws
  /// A function of the layer map and the state alone.
  func focus(_ layerMap: [LayerPair]) -> Focus
  /// Called after every step and at the end of every epoch; says so when it moves on.
  mutating func observe(_ report: StepReport, _ layerMap: [LayerPair]) -> StageMove?
  var state: SchedulerState { get set }
}

extension Scheduler {
  public func check(_ terms: ScheduledTerms) throws {}
}
