import DistillCore

/// A schedule that climbs the layers stage by stage. Two members make one: the stages, and what happens to the layers below.
public protocol StagedScheduler: Scheduler {
  var stages: Stages { get set }
  /// Whether the layers below the one at hand go on counting.
  static var keepsLowerLayers: Bool { get }
}

extension StagedScheduler {
  public mutating func options(_ visit: inout OptionVisitor) { stages.options(&visit) }
  public func check(_ terms: ScheduledTerms) throws { try stages.check(terms) }
  public func focus(_ layerMap: [LayerPair]) -> Focus { stages.focus(layerMap, keepingLower: Self.keepsLowerLayers) }
  public mutating func observe(_ report: StepReport, _ layerMap: [LayerPair]) -> StageMove? {
    stages.observe(report, layerMap)
  }
  public var state: SchedulerState {
    get { stages.state }
    set { stages.state = newValue }
  }
}
