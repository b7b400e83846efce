import DistillCore
import Foundation

/// An encoder of BERT's kind (Devlin et al. 2019) with a sequence classification head, which works on packed batches.
///
/// An encoder is an immutable value that is read once. Any number of tasks can use it at the same time, without a lock and
/// without copying its weights.
///
/// ```swift
/// let encoder = try BERTEncoder(URL(filePath: "models/all-MiniLM-L6-v2"))
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
/// Each call may use all threads of `Compute.threads`. If many calls run at the same time, the total throughput is higher with
/// one thread per call: `Compute.$threads.withValue(1) { … }`, or `DISTILL_THREADS=1`.
///
/// An encoder cannot be trained. ``EncoderTeacher`` and ``EncoderStudent`` create encoders that can.
public struct TransformerEncoder: Teacher {
  private let network: EncoderNetwork
  /// The parameters, which every copy of this value shares.
  let weights: Weights
  public let untrained: Set<Activation>

  var configuration: EncoderConfiguration { network.configuration }
  /// The vector that represents a sequence. It is the embedding and the input of the classifier.
  public var readout: Readout { network.readout }
  /// The way in which two texts are read.
  public var pairs: PairReading { network.pairs }
  public var task: TaskKind { network.task }
  public var tokenizer: any Tokenizer { network.tokenizer }
  public var card: ModelCard { network.card }

  init(_ network: EncoderNetwork, _ weights: Weights, untrained: Set<Activation>) {
    (self.network, self.weights, self.untrained) = (network, weights, untrained)
  }

  init(_ start: EncoderStart) throws {
    self.init(
      start.network, try Weights(start.network.layout, fill: start.values),
      untrained: start.network.activations(restingOn: start.fresh))
  }

  /// Reads an encoder from a Hugging Face folder, or from the `student` or `teacher` folder of a run.
  ///
  /// The labels in `config.json` determine the task: one label means regression, and several mean classification. If there are no
  /// labels, they are `LABEL_0` and `LABEL_1`. A pooler or classifier that the folder does not contain gets random weights, and
  /// ``untrained`` contains the activations that depend on it.
  ///
  /// - Parameters:
  ///   - folder: The folder.
  ///   - architecture: The architecture of the encoder.
  ///   - readout: The vector that represents a sequence, or `nil` for that of the checkpoint: the one in its files of
  ///     sentence-transformers (`1_Pooling`), otherwise its pooler, otherwise the mean.
  /// - Throws: `FormatError` if a file is missing or damaged, and `ComputeError` if the model does not fit in memory.
  public init(_ folder: URL, _ architecture: EncoderArchitecture, readout: Readout? = nil) throws {
    var labels = EncoderConfiguration.labels(in: folder) ?? []
    if labels.isEmpty { labels = ["LABEL_0", "LABEL_1"] }
    let context = PipelineContext(
      task: labels.count == 1 ? .regression : .classification(labels: labels), maximumLength: 1, key: RandomKey(0))
    try self.init(
      EncoderStart(checkpoint: folder, architecture, EncoderWeights.Selection(readout: readout), in: context))
  }

  /// Reads the encoder of a checkpoint with all its layers, as it is before any training on the task.
  ///
  /// Its embedding is the one that its files of sentence-transformers describe, or else the mean of the last states. That of a
  /// pooler was trained for another task, if at all.
  static func base(
    _ folder: URL, _ architecture: EncoderArchitecture, in context: PipelineContext
  ) throws -> TransformerEncoder {
    let readout = try SentenceTransformersFolder.readout(of: folder) ?? .mean
    return try TransformerEncoder(
      EncoderStart(
        checkpoint: folder, architecture,
        EncoderWeights.Selection(readout: readout, pairs: .joint, classifier: .fresh), in: context))
  }

  /// Reads an encoder that ``write(to:)`` wrote.
  init(written folder: URL, _ architecture: EncoderArchitecture, in context: PipelineContext) throws {
    try self.init(EncoderStart(checkpoint: folder, architecture, EncoderWeights.Selection(), in: context))
    guard untrained.isEmpty else { throw FormatError(file: folder, "was written without its pooler or its classifier") }
  }

  public func respond(to batch: TokenBatch, with activations: Set<Activation>) throws -> Response {
    try network.respond(to: batch, with: activations) { [weights] in weights[$0] }
  }

  public func write(to folder: URL) throws {
    // No class of `transformers` classifies another readout.
    try configuration.write(to: folder, task: task, classifies: readout == .pooler)
    try EncoderWeights.write(weights, to: folder)
    try tokenizer.write(to: folder)
    try SentenceTransformersFolder.write(self, to: folder, maximumLength: card.maximumLength)
  }
}
