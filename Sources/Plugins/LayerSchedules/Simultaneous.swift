import DistillCore

/// Every layer and every term, from the first step to the last.
public struct Simultaneous: Scheduler {
  public static let name = "simultaneous"
  public static let summary = "All layers and all terms at once."

  public var state = SchedulerState()

  public init() {}
  public mutating func options(_ visit: inout OptionVisitor) {}
  public func focus(_ progress: TrainingProgress) -> Focus { Focus(layerPairs: 0..<progress.layerPairs, outputs: true) }
  public mutating func observe(_ report: StepReport) {}
}
