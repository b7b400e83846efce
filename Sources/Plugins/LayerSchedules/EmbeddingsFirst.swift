import DistillCore

/// A schedule that teaches embeddings before the task: for some epochs the terms that read no logits count, then all terms.
///
/// Relations and embeddings need no labels and no classifier, so the first epochs can settle the representation before the
/// classifier is trained on it. TinyBERT (Jiao et al. 2020, arXiv 1909.10351) matches layers before predictions in the same way;
/// the number of epochs is ours.
public struct EmbeddingsFirst: Scheduler {
  public static let name = "embeddings-first"
  public static let summary = "Embeddings, relations and layers for some epochs, then the logits as well."
  public static let reference = PluginReference(
    source: "the order of TinyBERT, Jiao et al. 2020, arXiv 1909.10351; the number of epochs is ours")

  /// The number of epochs without the terms that read logits.
  public var epochs = 1
  private var finished = 0

  public init() {}
  public init(epochs: Int) { self.epochs = epochs }

  public mutating func options(_ visit: inout OptionVisitor) {
    visit("epochs", &epochs, in: .between(1, 1_000_000), "Epochs without the terms that read logits.")
  }

  public func check(_ terms: ScheduledTerms) throws {
    guard !terms.logitTerms.isEmpty else {
      throw WiringError(
        "ends with the logits, and no loss of this pipeline reads them", option: "use",
        hint: "add `soft-cross-entropy` to `losses`, or take `schedule` out")
    }
    guard terms.layerTerms.count + terms.outputTerms.count > terms.logitTerms.count else {
      throw WiringError(
        "begins without the losses that read logits, and this pipeline has no others", option: "use",
        hint: "add `relational-kl` to `losses`, or take `schedule` out")
    }
    guard epochs < terms.epochs else {
      throw WiringError(
        "\(epochs) epochs without logits leave none of \(terms.epochs) epochs for them", option: "epochs",
        hint: "set training.epochs above \(epochs)")
    }
  }

  public func focus(_ layerMap: [LayerPair]) -> Focus {
    Focus(layerPairs: layerMap.indices, outputs: true, logits: finished >= epochs)
  }

  public mutating func observe(_ report: StepReport, _ layerMap: [LayerPair]) -> StageMove? {
    guard report.isEndOfEpoch, finished < epochs else { return nil }
    finished += 1
    return finished == epochs ? StageMove(to: "logits", because: "\(epochs) epochs are over") : nil
  }

  public var state: SchedulerState {
    get { SchedulerState(["finished": Double(finished)]) }
    set { finished = max(newValue.values["finished"].flatMap { Int(exactly: $0) } ?? 0, 0) }
  }
}
