/// A schedule, which decides for each step which layers and which terms the student is trained on.
///
/// The training loop asks ``focus(_:)`` before each step, and calls ``observe(_:_:)`` after each step and at the end of each
/// epoch. Only ``observe(_:_:)`` may move the schedule on, so that it moves between steps.
public protocol Scheduler: Plugin, Sendable {
  /// Checks that the schedule can work with the terms and layers of a pipeline. Called before training, while the pipeline is
  /// validated.
  ///
  /// The default implementation accepts every pipeline.
  /// - Throws: ``WiringError`` that says what does not fit.
  func check(_ terms: ScheduledTerms) throws
  /// Returns the layers and terms that the next step optimises.
  ///
  /// The result must depend on `layerMap` and ``state`` alone. Otherwise a resumed training would differ from one that was
  /// never interrupted.
  /// - Parameter layerMap: The pairs of layers, in the order of the student's layers.
  func focus(_ layerMap: [LayerPair]) -> Focus
  /// Takes note of a finished step or epoch.
  ///
  /// - Parameters:
  ///   - report: The figures of the step or the epoch.
  ///   - layerMap: The pairs of layers, as in ``focus(_:)``.
  /// - Returns: The move to the next stage if the schedule moves on now, otherwise `nil`. The move is shown to the user and
  ///   logged.
  mutating func observe(_ report: StepReport, _ layerMap: [LayerPair]) -> StageMove?
  /// Everything that the schedule has to remember between steps. Checkpoints save it, and resuming a training sets it.
  var state: SchedulerState { get set }
}

extension Scheduler {
  public func check(_ terms: ScheduledTerms) throws {}
}
