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
