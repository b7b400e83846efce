import DistillCore
import Foundation

/// The recipe of a BERT teacher, which is read from a checkpoint and can be fine-tuned on the task.
public struct BERTTeacher: TeacherRecipe, Sendable {
  public static let name = "bert"
  public static let summary = "A BERT encoder from a Hugging Face folder, fine-tuned on the task where asked."

  public var checkpoint: OptionPath = ""
  public var embedding = SequenceEmbedding.pooler
  public var pooler = HeadSource.checkpoint
  public var classifier = HeadSource.checkpoint
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
    visit("embedding", &embedding, "What stands for a sequence: `cls`, `pooler` or `mean`.")
    visit("pooler", &pooler, "`fresh` starts a new pooler where the checkpoint's was never trained.")
    visit("classifier", &classifier, "`fresh` starts a new classifier even if the checkpoint has one.")
    visit.section(
      "fine_tune", &fineTune, "Train on the labels first. Without it the checkpoint's own classifier teaches.")
  }

  public var optionsBesideCard: [String] { ["embedding", "pooler", "classifier", "fine_tune"] }

  public func card(in context: PipelineContext) throws -> ModelCard {
    let (configuration, tokenizer) = try WiringErrors.blaming("checkpoint") { try BERTEncoder.examine(checkpoint.url) }
    return BERTEncoder.card(configuration, task: context.task, vocabulary: tokenizer.fingerprint)
  }

  private var selection: BERTWeights.Selection { BERTWeights.Selection(pooler: pooler, classifier: classifier) }

  public func check(in context: PipelineContext) throws {
    try WiringErrors.blaming("checkpoint") {
      let configuration = try BERTConfiguration(folder: checkpoint.url)
      let source = try BERTEncoder.source(checkpoint.url, configuration, selection, in: context)
      if fineTune == nil, let head = source.missing.last {
        throw WiringError(
          "the teacher would answer from weights that nothing has trained: \(head)",
          hint: "add `fine_tune: {}`, which trains it on the task first")
      }
    }
  }

  public func makeTeacher(in context: PipelineContext, _ preparation: Preparation) throws -> any Teacher {
    let start = try BERTStart(checkpoint: checkpoint.url, selection, embedding: embedding, in: context)
    guard let fineTune else { return try BERTEncoder(start) }
    let encoder = try TrainableBERT(start)
    try preparation.trainer.fineTune(
      encoder, on: preparation.data(for: encoder.tokenizer), options: fineTune, phase: "teacher: fine-tuning")
    return encoder.frozen()
  }

  public func makeBase(in context: PipelineContext) throws -> (any TextEncoder)? {
    try BERTEncoder(BERTStart(checkpoint: checkpoint.url, selection, embedding: .mean, in: context))
  }

  public var sources: [URL]? { BERTEncoder.sources(checkpoint.url) }

  public func loadTeacher(from folder: URL, in context: PipelineContext) throws -> any Teacher {
    try BERTEncoder(written: folder, embedding: embedding, in: context)
  }
}
