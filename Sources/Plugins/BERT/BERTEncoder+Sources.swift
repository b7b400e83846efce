import DistillCore
import Foundation

extension BERTEncoder {
  /// Every file of a folder that is read.
  static func sources(_ folder: URL) -> [URL] {
    ["config.json", BERTWeights.fileName, "vocab.txt", "tokenizer.json", "tokenizer_config.json"].map {
      folder.appending(path: $0)
    }
  }

  /// Reads a folder's configuration and vocabulary, and whether they fit each other: all but the weights.
  static func examine(_ folder: URL) throws -> (configuration: BERTConfiguration, tokenizer: any Tokenizer) {
    let configuration = try BERTConfiguration(folder: folder)
    let tokenizer = try WordPieceTokenizer(folder: folder)
    guard tokenizer.vocabularySize <= configuration.vocabularySize else {
      throw FormatError(
        file: folder,
        "has a vocabulary of \(tokenizer.vocabularySize) tokens for a model with "
          + "\(configuration.vocabularySize): the vocabulary of another model?")
    }
    return (configuration, tokenizer)
  }

  /// What a folder's weight file holds for an encoder of this configuration, as its header tells.
  /// - Throws: ``FormatError`` where they do not fit, or the labels of its classifier are not the task's.
  static func source(
    _ folder: URL, _ configuration: BERTConfiguration, _ selection: BERTWeights.Selection, in surroundings: Surroundings
  ) throws -> BERTWeights.Source {
    if selection.classifier == .checkpoint, case .classification(let labels) = surroundings.task,
      let named = BERTConfiguration.labels(in: folder), named != labels, Set(named) == Set(labels)
    {
      throw FormatError(
        file: folder,
        "has the task's labels in another order: \(named.joined(separator: ", ")) "
          + "instead of \(labels.joined(separator: ", "))")
    }
    let definitions = BERTParameters.definitions(configuration, outputs: surroundings.outputs)
    return try BERTWeights.source(of: definitions, in: folder, selection)
  }

  /// An encoder from a Hugging Face folder, for use without a pipeline:
  ///
  /// ```swift
  /// let encoder = try BERTEncoder.load(from: folder, embedding: .mean)
  /// let batch = TokenBatch([encoder.tokenizer.encode("a text", pair: nil, maxLength: 512)], examples: [0])
  /// let embedding = try encoder.respond(to: batch, with: [.embedding], pass: .inference)[.embedding]  // [1, H]
  /// ```
  ///
  /// The task is what `config.json` says: regression for one label, else classification; `LABEL_0` and `LABEL_1` where it names
  /// none. A pooler or a classifier that the folder does not have starts from random weights, and ``untrained`` names what
  /// rests on it.
  /// - `embedding`: what `Activation.embedding` stands for.
  /// - Throws: `FormatError` for what is wrong with its files.
  public static func load(from folder: URL, embedding: SequenceEmbedding) throws -> BERTEncoder {
    var labels = BERTConfiguration.labels(in: folder) ?? []
    if labels.isEmpty { labels = ["LABEL_0", "LABEL_1"] }
    let surroundings = Surroundings(
      task: labels.count == 1 ? .regression : .classification(labels: labels), maximumLength: 1, key: RandomKey(0))
    return try BERTEncoder(checkpoint: folder, BERTWeights.Selection(), embedding: embedding, in: surroundings)
  }

  /// An encoder from a Hugging Face folder.
  /// - Throws: ``FormatError`` for what is wrong with its files.
  convenience init(
    checkpoint folder: URL, _ selection: BERTWeights.Selection, embedding: SequenceEmbedding,
    in surroundings: Surroundings
  ) throws {
    var (configuration, tokenizer) = try Self.examine(folder)
    if let layers = selection.layers { configuration.layers = layers.count }
    let source = try Self.source(folder, configuration, selection, in: surroundings)
    try self.init(configuration, embedding: embedding, task: surroundings.task, tokenizer: tokenizer)
    try BERTWeights.load(self, from: source, key: surroundings.key)
  }

  /// An encoder that ``write(to:)`` wrote.
  convenience init(written folder: URL, embedding: SequenceEmbedding, in surroundings: Surroundings) throws {
    try self.init(checkpoint: folder, BERTWeights.Selection(), embedding: embedding, in: surroundings)
    guard untrained.isEmpty else { throw FormatError(file: folder, "was written without its pooler or its classifier") }
  }

  /// An encoder of random weights.
  convenience init(
    random configuration: BERTConfiguration, embedding: SequenceEmbedding, tokenizer: any Tokenizer,
    in surroundings: Surroundings
  ) throws {
    try self.init(configuration, embedding: embedding, task: surroundings.task, tokenizer: tokenizer)
    for parameter in parameters.parameters {
      BERTParameters.initialise(parameter, configuration, key: surroundings.key)
    }
  }

  /// Some layers of another encoder, with its embeddings and, unless they start fresh, its heads.
  convenience init(
    copying source: BERTEncoder, _ selection: BERTWeights.Selection, embedding: SequenceEmbedding, key: RandomKey
  ) throws {
    var configuration = source.configuration
    let layers = selection.layers ?? Array(1...configuration.layers)
    configuration.layers = layers.count
    try self.init(configuration, embedding: embedding, task: source.task, tokenizer: source.tokenizer)
    for parameter in parameters.parameters {
      if BERTWeights.head(of: parameter.name, selection)?.source == .fresh {
        BERTParameters.initialise(parameter, configuration, key: key)
      } else {
        parameter.assign(source.parameters[BERTWeights.sourceName(parameter.name, layers)].value)
      }
    }
  }
}
