import DistillCore
import DistillLayerSchedules
import DistillTestKit
import Synchronization
import Testing

struct ConformanceTests {
  @Test func simultaneous() throws { try SchedulerConformance(Simultaneous()).check() }

  @Test(arguments: [nil, 0.2] as [Float?], StageJudgement.allCases) func ladders(
    threshold: Float?, per judgement: StageJudgement
  ) throws {
    for classify in OutputStages.allCases {
      let stages = StageTests.stages(threshold: threshold, per: judgement, epochs: 2, classify: classify)
      try SchedulerConformance(Progressive(stages)).check()
      try SchedulerConformance(Stacked(stages)).check()
    }
  }

  @Test(arguments: [1, 2, 9]) func embeddingsFirst(epochs: Int) throws {
    try SchedulerConformance(EmbeddingsFirst(epochs: epochs)).check()
  }

  // MARK: the suite finds what is wrong

  @Test(arguments: [
    (Wrong.Fault.outside, "of 3 count"), (.silent, "did not say so"), (.nothing, "no term counts"),
    (.forgets, "after a stop at step"), (.shared, "of the original"), (.believes, "of 3 count"),
  ])
  func finds(_ fault: Wrong.Fault, _ message: String) throws {
    let failure = #expect(throws: ConformanceFailure.self) { try SchedulerConformance(Wrong(fault)).check() }
    #expect(failure?.description.contains(message) == true, "\(failure?.description ?? "")")
  }

  @Test func theRightOneIsRight() throws { try SchedulerConformance(Wrong(.none)).check() }
}

/// Layers for six steps, then outputs, with one fault.
struct Wrong: Scheduler {
  enum Fault: Sendable { case none, outside, silent, nothing, forgets, shared, believes }
  static let name = "wrong"
  static let summary = "Wrong on purpose."
  var fault = Fault.none
  private var steps = 0.0
  private let box = Box()

  /// Memory that copies have in common.
  private final class Box: Sendable { let steps = Mutex(0.0) }

  init() {}
  init(_ fault: Fault) { self.fault = fault }
  mutating func options(_ visit: inout OptionVisitor) {}

  func check(_ terms: ScheduledTerms) throws {
    if terms.outputTerms.isEmpty { throw WiringError("ends with the outputs") }
  }

  private var isTop: Bool { !(steps < 6) }

  func focus(_ layerMap: [LayerPair]) -> Focus {
    if fault == .believes, steps > 100 { return Focus(layerPairs: 0..<100, outputs: true) }
    let pairs = fault == .outside ? 0..<layerMap.count + 1 : layerMap.indices
    return Focus(layerPairs: isTop ? 0..<0 : pairs, outputs: fault != .nothing)
  }

  mutating func observe(_ report: StepReport, _ layerMap: [LayerPair]) -> StageMove? {
    guard !report.isEndOfEpoch else { return nil }
    let wasTop = isTop
    steps += 1
    box.steps.withLock { $0 += 1 }
    return isTop && !wasTop && fault != .silent ? StageMove(to: "outputs", because: "six steps") : nil
  }

  var state: SchedulerState {
    get {
      if fault == .forgets { return SchedulerState() }
      return SchedulerState(["steps": fault == .shared ? box.steps.withLock { $0 } : steps])
    }
    set { if let value = newValue.values["steps"] { steps = value } }
  }
}
