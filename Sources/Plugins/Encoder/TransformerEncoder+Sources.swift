import DistillCore
import DistillTokenizers
import Foundation

extension TransformerEncoder {
  /// Returns all files in a folder that an encoder may be read from.
  static func sources(_ folder: URL) -> [URL] {
    let vocabulary = ["vocab.txt", "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt"]
    return (["config.json"] + vocabulary + SentenceTransformersFolder.sources).map { folder.appending(path: $0) }
      + WeightFiles.sources(folder)
  }

  /// Reads everything but the weights in a folder: the configuration and the vocabulary.
  ///
  /// - Throws: ``FormatError`` if a file is missing or damaged, or if the vocabulary is larger than that of the configuration.
  static func examine(
    _ folder: URL, _ architecture: EncoderArchitecture
  ) throws -> (configuration: EncoderConfiguration, tokenizer: any Tokenizer) {
    let configuration = try EncoderConfiguration(folder: folder, architecture)
    let tokenizer = try TokenizerFile.read(folder: folder)
    guard tokenizer.vocabularySize <= configuration.vocabularySize else {
      throw FormatError(
        file: folder,
        "has a vocabulary of \(tokenizer.vocabularySize) tokens for a model with "
          + "\(configuration.vocabularySize): the vocabulary of another model?")
    }
    return (configuration, tokenizer)
  }

  /// Matches the header of a folder's weight file with the parameters of an encoder of this configuration.
  ///
  /// - Throws: ``FormatError`` if they do not match, or if the file has the task's labels in another order.
  static func source(
    _ folder: URL, _ configuration: EncoderConfiguration, _ selection: EncoderWeights.Selection,
    in context: PipelineContext
  ) throws -> EncoderWeights.Source {
    if [nil, .checkpoint].contains(selection.classifier), let labels = context.task.labels,
      let named = EncoderConfiguration.labels(in: folder), named != labels, Set(named) == Set(labels)
    {
      throw FormatError(
        file: folder,
        "has the task's labels in another order: \(named.joined(separator: ", ")) "
          + "instead of \(labels.joined(separator: ", "))")
    }
    let readout = try readout(of: folder, configuration.architecture, selection)
    let pairs = Self.pairs(of: folder, selection, configuration)
    var selection = selection
    // The folder's classifier reads another vector, unless it was asked for.
    let isOther =
      try readout != ownReadout(of: folder, configuration.architecture)
      || pairs != EncoderWeights.pairs(of: folder, configuration)
    if selection.classifier == nil, isOther { selection.classifier = .fresh }
    let definitions = EncoderParameters.definitions(configuration, readout, pairs, outputs: context.outputs)
    return try EncoderWeights.source(of: definitions, in: folder, configuration.architecture, selection)
  }

  /// Returns the readout of an encoder that is read from a folder.
  ///
  /// It is the selected one. Otherwise it is that of the folder: the one in its files of sentence-transformers, the pooler if
  /// the weights contain one, or the mean.
  ///
  /// - Throws: ``FormatError`` if the files that describe it cannot be read.
  static func readout(
    of folder: URL, _ architecture: EncoderArchitecture, _ selection: EncoderWeights.Selection
  ) throws -> Readout {
    try selection.readout ?? (selection.pooler == .fresh ? .pooler : ownReadout(of: folder, architecture))
  }

  /// Returns the way in which an encoder that is read from a folder reads pairs: the selected one, or that of the folder.
  static func pairs(
    of folder: URL, _ selection: EncoderWeights.Selection, _ configuration: EncoderConfiguration
  ) -> PairReading {
    selection.pairs ?? EncoderWeights.pairs(of: folder, configuration)
  }

  /// Returns the readout that a folder describes.
  private static func ownReadout(of folder: URL, _ architecture: EncoderArchitecture) throws -> Readout {
    if let described = try SentenceTransformersFolder.readout(of: folder) { return described }
    return EncoderWeights.containsPooler(folder, architecture) ? .pooler : .mean
  }

  /// Returns the card of an encoder of this configuration.
  static func card(
    _ c: EncoderConfiguration, _ readout: Readout, _ pairs: PairReading, task: TaskKind, vocabulary: String
  ) -> ModelCard {
    let parameters = EncoderParameters.definitions(c, readout, pairs, outputs: task.outputs).reduce(0) {
      $0 + $1.shape.count
    }
    return ModelCard(
      architecture: c.architecture.name, layers: c.layers, heads: c.heads, width: c.hiddenSize,
      embeddingWidth: pairs.parts * c.hiddenSize,
      outputs: task.outputs, maximumLength: c.maximumLength, vocabulary: vocabulary, parameters: parameters,
      activations: activations(pairs))
  }
}
