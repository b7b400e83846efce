import DistillCore

/// The ladder that PID and SID climb: one stage for each pair of layers from the bottom, then the top, where only outputs
/// count (Aguilar et al. 2020). A stage ends when the layer's cosine loss falls below the threshold or its epochs are used up,
/// whichever is first. The paper's threshold, its epochs, and whether it looks at a step or an epoch, are not known to us:
/// defaults and `judged_per` are ours.
public struct Stages: Configurable, Sendable {
  public var cosineThreshold: Float?
  public var judgedPer = StageJudgement.epoch
  public var thresholdTerm = "cls-cosine"
  public var epochsPerLayer = 1
  public var classify = OutputStages.atTheTop

  /// Index of the pair of layers at hand; their number at the top.
  private var stage = 0
  /// Steps taken in the stage.
  private var steps = 0

  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit(
      "cosine_threshold", &cosineThreshold, in: .positive,
      "Move up when the layer's `threshold_term` falls below this. Default: only when the epochs are used up.")
    visit("judged_per", &judgedPer, "Whether the threshold looks at each `step` or at the mean of an `epoch`.")
    visit("threshold_term", &thresholdTerm, "The layer-wise term that is judged.")
    visit(
      "epochs_per_layer", &epochsPerLayer, in: .between(1, 1_000_000), "Move up after so many epochs at the latest.")
    visit(
      "classify", &classify,
      "Terms on outputs count `at-the-top` only, and until then nothing above the layer at hand is trained, or `always`."
    )
  }

  func check(_ terms: ScheduledTerms) throws {
    guard !terms.layerTerms.isEmpty else {
      throw WiringError(
        "moves up layer by layer, and no loss of this pipeline is layer-wise", option: "use",
        hint: "add `attention-kl` or `cls-cosine` to `losses`, or take `schedule` out")
    }
    guard !terms.outputTerms.isEmpty else {
      throw WiringError(
        "ends with the outputs alone, and no loss of this pipeline reads them", option: "use",
        hint: "add `soft-cross-entropy` to `losses`, or use `simultaneous`")
    }
    if cosineThreshold != nil, !terms.layerTerms.contains(thresholdTerm) {
      throw WiringError(
        "is compared with `\(thresholdTerm)`, which is no layer-wise loss of this pipeline", option: "cosine_threshold",
        hint: "add it to `losses`, or name one of them as `threshold_term`: "
          + terms.layerTerms.joined(separator: ", "))
    }
    let needed = epochsPerLayer * terms.layerMap.count
    if cosineThreshold == nil, classify == .atTheTop, needed >= terms.epochs {
      throw WiringError(
        "\(terms.layerMap.count) layers of \(epochsPerLayer) epochs each leave none of \(terms.epochs) epochs for the outputs",
        option: "epochs_per_layer", hint: "set training.epochs above \(needed)")
    }
  }

  /// The pairs that count where a stage keeps those below it, or not; none at the top.
  func focus(_ layerMap: [LayerPair], keepingLower: Bool) -> Focus {
    guard stage < layerMap.count else { return Focus(layerPairs: 0..<0, outputs: true) }
    return Focus(layerPairs: (keepingLower ? 0 : stage)..<stage + 1, outputs: classify == .always)
  }

  mutating func observe(_ report: StepReport, _ layerMap: [LayerPair]) -> StageMove? {
    guard stage < layerMap.count else { return nil }
    if !report.isEndOfEpoch { steps += 1 }
    guard let reason = reasonToMove(report, layerMap[stage]) else { return nil }
    (stage, steps) = (stage + 1, 0)
    return StageMove(to: stage < layerMap.count ? "layer \(layerMap[stage].student)" : "outputs", because: reason)
  }

  private func reasonToMove(_ report: StepReport, _ pair: LayerPair) -> String? {
    if report.isEndOfEpoch == (judgedPer == .epoch), let threshold = cosineThreshold,
      let figure = report.figures["\(thresholdTerm).\(pair.student)"], figure < Double(threshold)
    {
      return "\(thresholdTerm).\(pair.student) is \(Float(figure)), below \(threshold)"
    }
    // The last step of an epoch waits for the epoch's own report, whose mean may be below the threshold.
    let isLastStep = !report.isEndOfEpoch && report.progress.step % report.progress.stepsPerEpoch == 0
    if !isLastStep, steps >= epochsPerLayer * report.progress.stepsPerEpoch {
      return "\(epochsPerLayer) epochs are used up"
    }
    return nil
  }

  var state: SchedulerState {
    get { SchedulerState(["stage": Double(stage), "steps": Double(steps)]) }
    set {
      func whole(_ name: String) -> Int { max(newValue.values[name].flatMap { Int(exactly: $0) } ?? 0, 0) }
      (stage, steps) = (whole("stage"), whole("steps"))
    }
  }
}
