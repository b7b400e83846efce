/// The figures of a finished step or epoch, from which a schedule decides whether to move on.
public struct StepReport: Sendable {
  /// The place in the training after this step or epoch.
  public var progress: TrainingProgress
  /// Whether this report covers a whole epoch. It then follows the report of the last step of that epoch.
  public var isEndOfEpoch: Bool
  /// The unweighted value of each term in this step. At the end of an epoch it is the mean over those steps of the epoch in
  /// which the term was active.
  ///
  /// The key is the name of the term. A layer-wise term has one entry for each pair of layers, under `name.L`, where L is the
  /// student's layer.
  public var figures: [String: Double]

  public init(progress: TrainingProgress, isEndOfEpoch: Bool, figures: [String: Double]) {
    (self.progress, self.isEndOfEpoch, self.figures) = (progress, isEndOfEpoch, figures)
  }
}
