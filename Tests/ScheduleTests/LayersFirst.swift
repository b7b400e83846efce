import DistillCore
import DistillTestKit
import Testing

/// Layer-wise terms alone for some epochs, then all terms.
public struct LayersFirst: Scheduler {
  public static let name = "layers-first"
  public static let summary = "Layer-wise terms alone for some epochs, then all terms."
  public var epochs = 1
  private var finished = 0

  public init() {}
  public mutating func options(_ visit: inout OptionVisitor) {
    visit("epochs", &epochs, in: .atLeast(1), "Epochs of layer-wise terms alone.")
  }

  public func check(_ terms: ScheduledTerms) throws {
    guard !terms.layerTerms.isEmpty, epochs < terms.epochs else {
      throw WiringError("needs a layer-wise loss and more than \(epochs) epochs", option: "epochs")
    }
  }
  public func focus(_ layerMap: [LayerPair]) -> Focus {
    Focus(layerPairs: layerMap.indices, outputs: finished >= epochs)
  }
  public mutating func observe(_ report: StepReport, _: [LayerPair]) -> StageMove? {
    guard report.isEndOfEpoch, finished < epochs else { return nil }
    finished += 1
    return finished == epochs ? StageMove(to: "all terms", because: "\(epochs) epochs are over") : nil
  }
  public var state: SchedulerState {
    get { SchedulerState(["finished": Double(finished)]) }
    set { finished = max(0, newValue.values["finished"].flatMap { Int(exactly: $0) } ?? 0) }
  }
}

/// The schedule that `Docs/PluginGuide.md` quotes.
struct LayersFirstTests {
  @Test func conforms() throws { try SchedulerConformance(LayersFirst()).check() }
}
