/// A function that the training loop minimises.
///
/// The loop calls ``accumulateGradients(for:)`` and then ``observe(_:)`` in each step, and ``evaluate()`` followed by
/// ``observe(_:)`` at the end of each epoch.
public protocol Objective: AnyObject {
  /// The parameters that are trained.
  var parameters: [ParameterStore] { get }
  /// The number of examples in an epoch.
  var exampleCount: Int { get }
  /// Adds the gradient of the mean loss over the examples of a step to the gradients of the parameters.
  ///
  /// The loop has set the gradients to zero before, and updates the parameters afterwards.
  /// - Returns: The loss and its parts.
  func accumulateGradients(for step: Step) throws -> StepFigures
  /// Returns scores on the validation set. The first one selects the best epoch.
  ///
  /// The result is empty if there is nothing to select by yet. An epoch without scores counts as better than all before it. The
  /// default implementation returns no scores.
  func evaluate() throws -> [Score]
  /// Takes note of a finished step or epoch. Called after each step, and again at the end of each epoch.
  ///
  /// The default implementation does nothing.
  /// - Returns: The move to another stage if what is trained changes now, otherwise `nil`.
  func observe(_ report: StepReport) -> StageMove?
  /// The state, other than the parameters, that is needed to resume a training. Default: none.
  var state: SchedulerState { get set }
}

extension Objective {
  public func evaluate() throws -> [Score] { [] }
  public func observe(_ report: StepReport) -> StageMove? { nil }
  public var state: SchedulerState {
    get { SchedulerState() }
    set {}
  }
}
