import DistillCore

/// A schedule in which all layers and all terms count, from the first step to the last.
public struct Simultaneous: Scheduler {
  public static let name = "simultaneous"
  public static let summary = "All layers and all terms at once."

  public var state = SchedulerState()

  public init() {}
  public mutating func options(_ visit: inout OptionVisitor) {}
  public func focus(_ layerMap: [LayerPair]) -> Focus { Focus(layerPairs: layerMap.indices, outputs: true) }
  public mutating func observe(_ report: StepReport, _ layerMap: [LayerPair]) -> StageMove? { nil }
}
