import DistillCore
import Foundation

/// The recipe of a teacher of an architecture, which is read from a checkpoint and can be fine-tuned on the task.
public struct EncoderTeacher<Kind: NamedArchitecture>: TeacherRecipe, Sendable {
  public static var name: String { Kind.name }
  public static var summary: String {
    "\(Kind.title) encoder from a Hugging Face folder, fine-tuned on the task where asked."
  }

  public var checkpoint: OptionPath = ""
  /// The vector that represents a sequence, or `nil` for that of the checkpoint.
  public var readout: Readout?
  /// The way in which two texts are read, or `nil` for that of the checkpoint.
  public var pairs: PairReading?
  public var pooler = HeadSource.checkpoint
  /// The source of the classifier, or `nil` for the checkpoint if it has one and a regression otherwise.
  public var classifier: ClassifierSource?
  /// The dropout of states and of attention probabilities while training, or `nil` for that of the checkpoint.
  public var dropout: Float?
  /// Whether the classifier is fitted anew after the fine-tuning.
  public var refit = false
  /// How the teacher is fine-tuned, or `nil` to use it as it is.
  public var fineTune: TrainingOptions?

  public init() {}

  public init(checkpoint: URL, fineTune: TrainingOptions? = nil) {
    self.checkpoint = OptionPath(checkpoint.path)
    self.fineTune = fineTune
  }

  public mutating func options(_ visit: inout OptionVisitor) {
    visit(
      "checkpoint", &checkpoint, required: true,
      "Folder with config.json, model.safetensors and vocab.txt or tokenizer.json.")
    visit("readout", &readout, Readout.summary)
    visit("pairs", &pairs, PairReading.summary)
    visit("pooler", &pooler, "`fresh` starts a new pooler, and makes `pooler` the readout.")
    HeadSource.reject(pooler, with: readout, &visit)
    visit("classifier", &classifier, ClassifierSource.summary)
    visit(
      "dropout", &dropout, in: .from(0, below: 1),
      "Dropout of states and of attention probabilities while training. Default: that of the checkpoint, which is mostly 0.1."
    )
    visit("refit", &refit, ClassifierRefit.summary)
    visit.section(
      "fine_tune", &fineTune, "Train on the labels first. Without it the classifier teaches as it starts.")
    if fineTune == nil {
      for option in [dropout.map { _ in "dropout" }, refit ? "refit" : nil].compactMap(\.self) {
        visit.reject(
          option, "the teacher is not trained", hint: "add `fine_tune: {}`, or leave `\(option)` out",
          given: ["fine_tune"])
      }
    }
  }

  public var optionsBesideCard: [String] { ["classifier", "dropout", "refit", "fine_tune"] }

  public func card(in context: PipelineContext) throws -> ModelCard {
    try pairs?.check(in: context)
    return try WiringErrors.blaming("checkpoint") {
      let (configuration, tokenizer) = try TransformerEncoder.examine(checkpoint.url, Kind.architecture)
      let readout = try TransformerEncoder.readout(of: checkpoint.url, Kind.architecture, selection)
      let pairs = TransformerEncoder.pairs(of: checkpoint.url, selection, configuration)
      try pairs.check(tokenizer)
      return TransformerEncoder.card(
        configuration, readout, pairs, task: context.task, vocabulary: tokenizer.fingerprint)
    }
  }

  private var selection: EncoderWeights.Selection {
    EncoderWeights.Selection(
      readout: readout, pairs: pairs, pooler: pooler, classifier: classifier, dropout: dropout)
  }

  public func check(in context: PipelineContext) throws {
    try WiringErrors.blaming("checkpoint") {
      let configuration = try EncoderConfiguration(folder: checkpoint.url, Kind.architecture)
      let source = try TransformerEncoder.source(checkpoint.url, configuration, selection, in: context)
      if fineTune == nil, classifier != .regression || readsNewPooler(source), let head = source.missing.last {
        throw WiringError(
          "the teacher would answer from weights that nothing has trained: \(head)",
          hint: "add `fine_tune: {}`, which trains it on the task first"
            + (readsNewPooler(source) ? "" : ", or `classifier: regression`, which trains the classifier alone"))
      }
    }
  }

  private func readsNewPooler(_ source: EncoderWeights.Source) -> Bool {
    source.missing.contains(where: EncoderParameters(Kind.architecture).pooler.contains)
  }

  public func makeTeacher(in context: PipelineContext, _ preparation: Preparation) throws -> any Teacher {
    let start = try EncoderStart(checkpoint: checkpoint.url, Kind.architecture, selection, in: context)
    let encoder = try TrainableEncoder(start, refitsClassifier: refit)
    try encoder.fitClassifier(classifier, on: preparation)
    guard let fineTune else { return encoder.frozen() }
    try preparation.trainer.fineTune(
      encoder, on: preparation.data(for: encoder.tokenizer), options: fineTune, phase: "teacher: fine-tuning")
    return encoder.frozen()
  }

  public var hasBase: Bool { true }

  public func makeBase(in context: PipelineContext) throws -> (any Teacher)? {
    try TransformerEncoder.base(checkpoint.url, Kind.architecture, in: context)
  }

  public var sources: [URL]? { TransformerEncoder.sources(checkpoint.url) }

  public func loadTeacher(from folder: URL, in context: PipelineContext) throws -> any Teacher {
    try TransformerEncoder(written: folder, Kind.architecture, in: context)
  }
}
