import DistillCore

/// The stages of PID and SID (Aguilar et al. 2020), their options and their current state.
///
/// There is one stage for each pair of layers, from the bottom, and then a last one in which only the outputs count. A layer's
/// stage ends when its cosine loss falls below the threshold or when its epochs are used up, whichever comes first.
///
/// We do not know the threshold and the number of epochs in the paper, nor whether it judges steps or epochs. The defaults and
/// `judged_per` are therefore ours.
public struct Stages: Configurable, Sendable {
  /// The loss below which a stage ends. If `nil`, only the number of epochs ends a stage.
  public var cosineThreshold: Float?
  /// Whether the threshold is compared with the loss of each step or with the mean of an epoch.
  public var judgedPer = StageJudgement.epoch
  /// The name of the term that is compared with the threshold.
  public var thresholdTerm = "cls-cosine"
  /// The number of epochs after which a stage ends at the latest, or `nil` for one, or for ``layersShare``.
  public var epochsPerLayer: Int?
  /// The share of all steps that the stages of the layers have together, each as many as the others.
  public var layersShare: Float?
  /// The stages in which terms on outputs count.
  public var classify = OutputStages.atTheTop

  /// The index of the current pair of layers, or the number of pairs in the last stage.
  private var stage = 0
  /// The number of steps that were taken in the current stage.
  private var steps = 0

  public init() {}

  public mutating func options(_ visit: inout OptionVisitor) {
    visit(
      "cosine_threshold", &cosineThreshold, in: .positive,
      "Move up when the layer's `threshold_term` falls below this. Default: only when its steps are used up.")
    visit("judged_per", &judgedPer, "Whether the threshold looks at each `step` or at the mean of an `epoch`.")
    visit("threshold_term", &thresholdTerm, "The layer-wise term that is judged.")
    visit(
      "epochs_per_layer", &epochsPerLayer, in: .between(1, 1_000_000),
      "Move up after so many epochs at the latest. Default: 1, unless there is a `layers_share`.")
    visit(
      "layers_share", &layersShare, in: .from(0, below: 1),
      "Instead of `epochs_per_layer`: the share of the training's steps that belongs to the layers, to each as much as to the others and at "
        + "least one; the rest belongs to the outputs."
    )
    if epochsPerLayer != nil, layersShare != nil {
      visit.reject(
        "layers_share", "there is an `epochs_per_layer` already", hint: "give one of both",
        given: ["epochs_per_layer", "layers_share"])
    }
    visit(
      "classify", &classify,
      "Terms on outputs count `at-the-top` only, and until then nothing above the layer at hand is trained, or `always`."
    )
  }

  /// Checks that the pipeline's losses and epochs are sufficient for all stages. Throws `WiringError` if they are not.
  func check(_ terms: ScheduledTerms) throws {
    guard !terms.layerTerms.isEmpty else {
      throw WiringError(
        "moves up layer by layer, and no loss of this pipeline is layer-wise", option: "use",
        hint:
          "add `attention-kl`, `cls-cosine` or `hidden-mse` to `losses`, or take `schedule` out (`schedule: null` if the file extends another)"
      )
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
    let epochs = epochsPerLayer ?? 1
    let needed = epochs * terms.layerMap.count
    if cosineThreshold == nil, layersShare == nil, classify == .atTheTop, needed >= terms.epochs {
      throw WiringError(
        "\(terms.layerMap.count) layers of \(epochs) epochs each leave none of \(terms.epochs) epochs for the outputs",
        option: "epochs_per_layer", hint: "set training.epochs above \(needed)")
    }
  }

  /// Returns the pairs of layers that count in the current stage: its own pair, those below if `keepingLower` is set, and none in
  /// the last stage.
  func focus(_ layerMap: [LayerPair], keepingLower: Bool) -> Focus {
    guard stage < layerMap.count else { return Focus(layerPairs: 0..<0, outputs: true) }
    return Focus(layerPairs: (keepingLower ? 0 : stage)..<stage + 1, outputs: classify == .always)
  }

  mutating func observe(_ report: StepReport, _ layerMap: [LayerPair]) -> StageMove? {
    guard stage < layerMap.count else { return nil }
    if !report.isEndOfEpoch { steps += 1 }
    guard let reason = reasonToMove(report, layerMap) else { return nil }
    (stage, steps) = (stage + 1, 0)
    return StageMove(to: stage < layerMap.count ? "layer \(layerMap[stage].student)" : "outputs", because: reason)
  }

  private func reasonToMove(_ report: StepReport, _ layerMap: [LayerPair]) -> String? {
    let pair = layerMap[stage]
    if report.isEndOfEpoch == (judgedPer == .epoch), let threshold = cosineThreshold,
      let figure = report.figures["\(thresholdTerm).\(pair.student)"], figure < Double(threshold)
    {
      return "\(thresholdTerm).\(pair.student) is \(Float(figure)), below \(threshold)"
    }
    // After the last step of an epoch the report of the epoch follows. It must be judged first, because its mean may be below the
    // threshold, which is then the reason to move.
    let isLastStep = !report.isEndOfEpoch && report.progress.step % report.progress.stepsPerEpoch == 0
    guard !isLastStep else { return nil }
    if let layersShare {
      let most = max(1, Int((layersShare * Float(report.progress.totalSteps) / Float(layerMap.count)).rounded(.down)))
      return steps >= most ? "\(most) steps are used up" : nil
    }
    let epochs = epochsPerLayer ?? 1
    return steps >= epochs * report.progress.stepsPerEpoch ? "\(epochs) epochs are used up" : nil
  }

  var state: SchedulerState {
    get { SchedulerState(["stage": Double(stage), "steps": Double(steps)]) }
    set {
      func whole(_ name: String) -> Int { max(newValue.values[name].flatMap { Int(exactly: $0) } ?? 0, 0) }
      (stage, steps) = (whole("stage"), whole("steps"))
    }
  }
}
