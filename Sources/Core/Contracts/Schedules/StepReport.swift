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
