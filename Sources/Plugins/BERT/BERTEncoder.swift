import DistillCore
import Foundation

/// BERT (Devlin et al. 2019) with a sequence classification head, over packed batches: a value that is read once and then
/// shared. Tasks use it side by side, without a lock and without a copy of its weights.
///
/// ```swift
/// let encoder = try BERTEncoder(URL(filePath: "models/all-MiniLM-L6-v2"), embedding: .mean)
///
/// @Sendable func vector(_ text: String) throws -> [Float] {
///   let sequence = encoder.tokenizer.encode(text, pair: nil, maxLength: encoder.card.maximumLength)
///   let response = try encoder.respond(to: TokenBatch([sequence], examples: [0]), with: [.embedding])
///   return try response[.embedding].l2Normalised().values
/// }
///
/// let vectors = try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
///   for (row, text) in texts.enumerated() { group.addTask { (row, try vector(text)) } }
///   var vectors: [Int: [Float]] = [:]
///   for try await (row, values) in group { vectors[row] = values }
///   return vectors
/// }
/// ```
///
/// Every call may use all threads of `Compute.threads`. Where many calls run at once, one thread each gives more of them:
/// `Compute.$threads.withValue(1) { … }`, or `DISTILL_THREADS=1`. To train one, take a `BERTTeacher` or a `BERTStudent`.
public struct BERTEncoder: Teacher {
  private let network: BERTNetwork
  let weights: Weights
  public let untrained: Set<Activation>

  var configuration: BERTConfiguration { network.configuration }
  public var embedding: SequenceEmbedding { network.embedding }
  public var task: TaskKind { network.task }
  public var tokenizer: any Tokenizer { network.tokenizer }
  public var card: ModelCard { network.card }

  init(_ network: BERTNetwork, _ weights: Weights, untrained: Set<Activation>) {
    (self.network, self.weights, self.untrained) = (network, weights, untrained)
  }

  init(_ start: BERTStart) throws {
    self.init(
      start.network, try Weights(start.network.layout, fill: start.values),
      untrained: start.network.activations(restingOn: start.fresh))
  }

  /// An encoder from a Hugging Face folder, or from the `student` or `teacher` of a run.
  ///
  /// The task is what `config.json` says: regression for one label, else classification; `LABEL_0` and `LABEL_1` where it names
  /// none. A pooler or a classifier that the folder does not have starts from random weights, and ``untrained`` names what
  /// rests on it.
  /// - `embedding`: what `Activation.embedding` stands for. Models of sentence-transformers are made for `.mean` or `.cls`.
  /// - Throws: `FormatError` for what is wrong with its files, `ComputeError` where it does not fit into memory.
  public init(_ folder: URL, embedding: SequenceEmbedding = .pooler) throws {
    var labels = BERTConfiguration.labels(in: folder) ?? []
    if labels.isEmpty { labels = ["LABEL_0", "LABEL_1"] }
    let context = PipelineContext(
      task: labels.count == 1 ? .regression : .classification(labels: labels), maximumLength: 1, key: RandomKey(0))
    try self.init(
      BERTStart(checkpoint: folder, BERTWeights.Selection(), embedding: embedding, in: context))
  }

  /// An encoder that ``write(to:)`` wrote.
  init(written folder: URL, embedding: SequenceEmbedding, in context: PipelineContext) throws {
    try self.init(
      BERTStart(checkpoint: folder, BERTWeights.Selection(), embedding: embedding, in: context))
    guard untrained.isEmpty else { throw FormatError(file: folder, "was written without its pooler or its classifier") }
  }

  public func respond(to batch: TokenBatch, with activations: Set<Activation>) throws -> Response {
    try network.respond(to: batch, with: activations) { [weights] in weights[$0] }
  }

  public func write(to folder: URL) throws {
    try configuration.write(to: folder, task: task)
    try BERTWeights.write(weights, to: folder)
    try tokenizer.write(to: folder)
  }
}
