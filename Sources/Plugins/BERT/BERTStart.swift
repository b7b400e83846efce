import DistillCore
import Foundation

/// A network with its first weights: of a checkpoint, of layers of another encoder, or random ones. A model takes them into its
/// constants, a trainable encoder into its parameters.
struct BERTStart {
  let network: BERTNetwork
  /// Parameters that are made anew.
  let fresh: Set<String>
  let values: (ParameterDefinition) throws -> [Float]

  private init(
    _ network: BERTNetwork, fresh: Set<String>, key: RandomKey, others: @escaping (String) throws -> [Float]
  ) {
    (self.network, self.fresh) = (network, fresh)
    values = {
      fresh.contains($0.name)
        ? BERTParameters.initial($0, network.configuration, key: key) : try others($0.name)
    }
  }

  /// From a Hugging Face folder.
  /// - Throws: ``FormatError`` for what is wrong with its files; when the values are asked for, for a number that is not finite.
  init(
    checkpoint folder: URL, _ selection: BERTWeights.Selection, embedding: SequenceEmbedding,
    in context: PipelineContext
  ) throws {
    var (configuration, tokenizer) = try BERTEncoder.examine(folder)
    if let layers = selection.layers { configuration.layers = layers.count }
    let source = try BERTEncoder.source(folder, configuration, selection, in: context)
    let network = try BERTNetwork(
      configuration, embedding: embedding, task: context.task, tokenizer: tokenizer)
    self.init(network, fresh: Set(source.missing), key: context.key, others: source.values(of:))
  }

  /// Random weights.
  init(
    random configuration: BERTConfiguration, embedding: SequenceEmbedding, tokenizer: any Tokenizer,
    in context: PipelineContext
  ) throws {
    let network = try BERTNetwork(
      configuration, embedding: embedding, task: context.task, tokenizer: tokenizer)
    self.init(network, fresh: Set(network.layout.definitions.map(\.name)), key: context.key) { _ in [] }
  }

  /// Some layers of another encoder, with its embeddings and, unless they start fresh, its heads.
  init(
    copying source: BERTEncoder, _ selection: BERTWeights.Selection, embedding: SequenceEmbedding, key: RandomKey
  ) throws {
    var configuration = source.configuration
    let layers = selection.layers ?? Array(1...configuration.layers)
    configuration.layers = layers.count
    let network = try BERTNetwork(
      configuration, embedding: embedding, task: source.task, tokenizer: source.tokenizer)
    let fresh = network.layout.definitions.map(\.name).filter {
      BERTWeights.head(of: $0, selection)?.source == .fresh
    }
    self.init(network, fresh: Set(fresh), key: key) { source.weights[BERTWeights.sourceName($0, layers)].values }
  }
}
