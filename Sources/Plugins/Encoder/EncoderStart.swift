import DistillCore
import Foundation

/// A network and its initial weights, which come from a checkpoint, from layers of another encoder, or from random numbers.
///
/// A finished model copies the weights into constants, and an encoder in training copies them into its parameters.
struct EncoderStart {
  let network: EncoderNetwork
  /// The names of the parameters that get new weights; see ``EncoderParameters/initial(_:_:key:)``.
  let fresh: Set<String>
  /// Returns the initial values of a parameter.
  let values: (ParameterDefinition) throws -> [Float]

  private init(
    _ network: EncoderNetwork, fresh: Set<String>, key: RandomKey, others: @escaping (String) throws -> [Float]
  ) {
    (self.network, self.fresh) = (network, fresh)
    values = {
      fresh.contains($0.name)
        ? EncoderParameters.initial($0, network.configuration, key: key) : try others($0.name)
    }
  }

  /// Starts with the weights in a Hugging Face folder.
  ///
  /// - Throws: ``FormatError`` if a file is missing or damaged. Numbers that are not finite are only found by `values`, which
  ///   then throws the error.
  init(
    checkpoint folder: URL, _ architecture: EncoderArchitecture, _ selection: EncoderWeights.Selection,
    in context: PipelineContext
  ) throws {
    var (configuration, tokenizer) = try TransformerEncoder.examine(folder, architecture)
    if let layers = selection.layers { configuration.layers = layers.count }
    configuration.replaceDropout(selection.dropout)
    let source = try TransformerEncoder.source(folder, configuration, selection, in: context)
    let network = try EncoderNetwork(
      configuration, TransformerEncoder.readout(of: folder, architecture, selection),
      TransformerEncoder.pairs(of: folder, selection, configuration), task: context.task, tokenizer: tokenizer)
    self.init(network, fresh: Set(source.missing), key: context.key, others: source.values(of:))
  }

  /// Starts with random weights.
  init(
    random configuration: EncoderConfiguration, _ readout: Readout, _ pairs: PairReading, tokenizer: any Tokenizer,
    in context: PipelineContext
  ) throws {
    let network = try EncoderNetwork(configuration, readout, pairs, task: context.task, tokenizer: tokenizer)
    self.init(network, fresh: Set(network.layout.definitions.map(\.name)), key: context.key) { _ in [] }
  }

  /// Starts with layers of another encoder, its embeddings and, if the selection does not replace them, its heads. A classifier
  /// can only be copied together with the readout that it was trained for.
  init(copying source: TransformerEncoder, _ selection: EncoderWeights.Selection, key: RandomKey) throws {
    var configuration = source.configuration
    let layers = selection.layers ?? Array(1...configuration.layers)
    configuration.layers = layers.count
    configuration.replaceDropout(selection.dropout)
    let readout = selection.pooler == .fresh ? .pooler : selection.readout ?? source.readout
    let pairs = selection.pairs ?? source.pairs
    let network = try EncoderNetwork(configuration, readout, pairs, task: source.task, tokenizer: source.tokenizer)
    let parameters = EncoderParameters(configuration.architecture)
    let fresh = network.layout.definitions.map(\.name).filter {
      guard let head = EncoderWeights.head(of: $0, parameters, selection) else { return false }
      let isClassifier = parameters.classifier.contains($0)
      if isClassifier, source.untrained.contains(.logits) { return true }
      return head.isFresh || readout != source.readout
        || (pairs != source.pairs && parameters.classifier.contains($0))
    }
    self.init(network, fresh: Set(fresh), key: key) {
      source.weights[EncoderWeights.sourceName($0, parameters, layers)].values
    }
  }
}
