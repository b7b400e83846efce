import DistillCore

/// A schedule with a stage for each layer.
///
/// A conforming type declares its stages, and whether the layers below the current one still count. Everything else is defaulted.
public protocol StagedScheduler: Scheduler {
  var stages: Stages { get set }
  /// Whether the losses of the layers below the current one still count.
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
