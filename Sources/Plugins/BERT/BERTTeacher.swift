import DistillCore
import Foundation

/// The recipe of a BERT teacher, which is read from a checkpoint and can be fine-tuned on the task.
public struct BERTTeacher: TeacherRecipe, Sendable {
  public static let name = "bert"
  public static let summary = "A BERT encoder from a Hugging Face folder, fine-tuned on the task where asked."

  public var checkpoint: OptionPath = ""
  /// The vector that represents a sequence, or `nil` for that of the checkpoint.
  public var readout: Readout?
  /// The way in which two texts are read, or `nil` for that of the checkpoint.
  public var pairs: PairReading?
  public var pooler = HeadSource.checkpoint
  /// The source of the classifier, or `nil` for the checkpoint if it has one and a regression otherwise.
  public var classifier: ClassifierSource?
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
    visit.section(
      "fine_tune", &fineTune, "Train on the labels first. Without it the classifier teaches as it starts.")
  }

  public var optionsBesideCard: [String] { ["classifier", "fine_tune"] }

  public func card(in context: PipelineContext) throws -> ModelCard {
    try pairs?.check(in: context)
    return try WiringErrors.blaming("checkpoint") {
      let (configuration, tokenizer) = try BERTEncoder.examine(checkpoint.url)
      let readout = try BERTEncoder.readout(of: checkpoint.url, selection)
      let pairs = BERTEncoder.pairs(of: checkpoint.url, selection, configuration)
      return BERTEncoder.card(configuration, readout, pairs, task: context.task, vocabulary: tokenizer.fingerprint)
    }
  }

  private var selection: BERTWeights.Selection {
    BERTWeights.Selection(readout: readout, pairs: pairs, pooler: pooler, classifier: classifier)
  }

  public func check(in context: PipelineContext) throws {
    try WiringErrors.blaming("checkpoint") {
      let configuration = try BERTConfiguration(folder: checkpoint.url)
      let source = try BERTEncoder.source(checkpoint.url, configuration, selection, in: context)
      if fineTune == nil, classifier != .regression || readsNewPooler(source), let head = source.missing.last {
        throw WiringError(
          "the teacher would answer from weights that nothing has trained: \(head)",
          hint: "add `fine_tune: {}`, which trains it on the task first"
            + (readsNewPooler(source) ? "" : ", or `classifier: regression`, which trains the classifier alone"))
      }
    }
  }

  private func readsNewPooler(_ source: BERTWeights.Source) -> Bool {
    source.missing.contains(where: BERTParameters.pooler.contains)
  }

  public func makeTeacher(in context: PipelineContext, _ preparation: Preparation) throws -> any Teacher {
    let start = try BERTStart(checkpoint: checkpoint.url, selection, in: context)
    let encoder = try TrainableBERT(start)
    try encoder.fitClassifier(classifier, on: preparation)
    guard let fineTune else { return encoder.frozen() }
    try preparation.trainer.fineTune(
      encoder, on: preparation.data(for: encoder.tokenizer), options: fineTune, phase: "teacher: fine-tuning")
    return encoder.frozen()
  }

  public var hasBase: Bool { true }

  public func makeBase(in context: PipelineContext) throws -> (any Teacher)? {
    try BERTEncoder.base(checkpoint.url, in: context)
  }

  public var sources: [URL]? { BERTEncoder.sources(checkpoint.url) }

  public func loadTeacher(from folder: URL, in context: PipelineContext) throws -> any Teacher {
    try BERTEncoder(written: folder, in: context)
  }
}
