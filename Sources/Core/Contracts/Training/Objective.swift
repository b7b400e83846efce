/// What the one loop makes smaller.
public protocol Objective: AnyObject {
  /// What is trained.
  var parameters: [ParameterStore] { get }
  /// How many examples an epoch has.
  var exampleCount: Int { get }
  /// Adds the gradient of the mean loss over the step's examples to the parameters' gradients.
  func accumulateGradients(for step: Step) throws -> StepFigures
  /// Figures on the validation set, the one that selects the best first; empty where there is nothing to select by yet: an
  /// epoch without figures counts as better than all before.
  func evaluate() throws -> [Score]
  /// Called after every step, and again at the end of an epoch; tells when what is learnt changes.
  func observe(_ report: StepReport) -> StageMove?
  /// What it must remember to go on after a stop.
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
