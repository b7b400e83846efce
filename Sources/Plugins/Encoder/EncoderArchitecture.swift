import DistillCore

/// The description of an encoder architecture: what differs among BERT and its relatives.
///
/// All that a description does not mention is as in BERT (Devlin et al. 2019). An architecture of your own is a value of this type, a
/// ``NamedArchitecture`` that returns it, and the two plugins ``EncoderTeacher`` and ``EncoderStudent`` of that.
public struct EncoderArchitecture: Sendable {
  /// A class of models in `transformers`.
  public struct Model: Sendable {
    /// The value of `model_type` in `config.json`, such as `xlm-roberta`.
    public var type: String
    /// What the names of the classes in `transformers` begin with, such as `XLMRoberta`.
    public var className: String

    /// Creates the description of a class of models.
    ///
    /// - Parameters:
    ///   - type: The value of `model_type` in `config.json`.
    ///   - className: What the names of the classes in `transformers` begin with.
    public init(_ type: String, className: String) { (self.type, self.className) = (type, className) }
  }

  /// How the rows of the table of positions are numbered.
  public enum Positions: Sendable {
    /// The first token of a sequence has position 0.
    case fromZero
    /// With p the id of the padding, the first token has position p + 1. A padding token within a text has position p, and the positions
    /// of the tokens after it do not count it. The value is p, or what p is if `config.json` does not say it.
    case afterPadding(id: Int, isFixed: Bool)
  }

  /// Which rows of the table of types are added to the words.
  public enum Types: Sendable {
    /// The row of each token's type, which tells the first text of a pair from the second one.
    case read
    /// The row 0, whatever the type. The table is there, but the tokenizers of these models give all tokens the type 0.
    case first
    /// There is no table.
    case none
  }

  /// What follows the linear map of [CLS] whose result is the readout `pooler`.
  public enum HeadActivation: Sendable {
    /// tanh(x).
    case tanh
    /// An activation that feed-forward blocks have, too.
    case feedForward(FeedForwardActivation)
  }

  /// A number for each head that is added to the scores of attention in all layers, depending on the distance of the tokens.
  public struct RelativeBias: Sendable {
    /// The number of rows of the table.
    public var buckets: Int
    /// The member of `config.json` that states this number.
    public var field: String
    /// The name of the table without the prefix.
    public var weight: String
    /// Returns the row for a distance: the position of the key minus that of the query.
    public var bucket: @Sendable (_ distance: Int) -> Int

    /// Creates the description of a bias.
    ///
    /// - Parameters:
    ///   - buckets: The number of rows of the table.
    ///   - field: The member of `config.json` that states this number.
    ///   - weight: The name of the table without the prefix.
    ///   - bucket: Returns the row for a distance: the position of the key minus that of the query.
    public init(buckets: Int, field: String, weight: String, bucket: @escaping @Sendable (_ distance: Int) -> Int) {
      (self.buckets, self.field, self.weight, self.bucket) = (buckets, field, weight, bucket)
    }
  }

  /// The family's name, such as `roberta`. Layers can be copied only between encoders of one family.
  public var name: String
  /// The models that can be read. A student with random weights is of the first one.
  public var models: [Model]
  /// The names of the members of `config.json`.
  public var fields = ConfigurationFields()
  /// The names of the weights.
  public var weights: WeightNames
  /// How positions are numbered.
  public var positions = Positions.fromZero
  /// Which types are added.
  public var types = Types.read
  /// What follows the linear map of the readout `pooler`.
  public var headActivation = HeadActivation.tanh
  /// The bias of attention, or `nil` if there is none.
  public var relativeBias: RelativeBias?
  /// Whether the class without a classifier can be created with `add_pooling_layer=False`.
  public var hasOptionalPooler = true

  /// Creates the description of an architecture that differs from BERT in names alone.
  ///
  /// - Parameters:
  ///   - name: The family's name, such as `roberta`.
  ///   - models: The models that can be read. A student with random weights is of the first one.
  ///   - weights: The names of the weights.
  public init(name: String, models: [Model], weights: WeightNames) {
    (self.name, self.models, self.weights) = (name, models, weights)
  }

  /// Whether there is a table of types.
  var hasTypes: Bool { if case .none = types { false } else { true } }
}

/// The names of members of `config.json`. A member that is `nil` does not exist.
public struct ConfigurationFields: Sendable {
  /// H, the width of the states.
  public var hiddenSize = "hidden_size"
  /// L, the number of layers.
  public var layers = "num_hidden_layers"
  /// A, the number of attention heads.
  public var heads = "num_attention_heads"
  /// The width inside the feed-forward block.
  public var intermediateSize = "intermediate_size"
  /// The activation of the feed-forward block.
  public var activation = "hidden_act"
  /// The dropout of states.
  public var hiddenDropout = "hidden_dropout_prob"
  /// The dropout of attention probabilities.
  public var attentionDropout = "attention_probs_dropout_prob"
  /// The number of types, which is 2 if the file does not state it.
  public var typeVocabularySize: String? = "type_vocab_size"
  /// The ε of layer norms, which is 1e-12 if the file does not state it.
  public var layerNormEpsilon: String? = "layer_norm_eps"
  /// The width of the embeddings, which is H if the file does not state it. If both differ, a linear map leads from one to the other.
  public var embeddingSize: String?

  /// Creates the names that BERT has.
  public init() {}
}

/// The names of weights in a file. Those of linear maps and layer norms lack `.weight` and `.bias`.
public struct WeightNames: Sendable {
  /// What the names of all weights but those of the heads begin with, such as `bert.`. A file of the class without heads leaves it out.
  public var prefix: String
  /// The table of words.
  public var words = "embeddings.word_embeddings.weight"
  /// The table of positions.
  public var positions = "embeddings.position_embeddings.weight"
  /// The table of types.
  public var types = "embeddings.token_type_embeddings.weight"
  /// The layer norm of the embeddings.
  public var embeddingNorm = "embeddings.LayerNorm"
  /// The linear map from the embeddings to the first states.
  public var projection = "embeddings_project"
  /// What precedes the number of a layer, which counts from 0.
  public var layers = "encoder.layer."
  /// The queries of attention in a layer.
  public var queries = "attention.self.query"
  /// The keys.
  public var keys = "attention.self.key"
  /// The values.
  public var values = "attention.self.value"
  /// The linear map after attention.
  public var attentionOutput = "attention.output.dense"
  /// The layer norm after that.
  public var attentionNorm = "attention.output.LayerNorm"
  /// The linear map to the width inside the feed-forward block.
  public var wide = "intermediate.dense"
  /// The linear map back to H.
  public var narrow = "output.dense"
  /// The layer norm after that.
  public var outputNorm = "output.LayerNorm"
  /// The linear map of the readout `pooler`, with its prefix.
  public var pooler: String
  /// Another name of the same map, with its prefix. It is read if the readout `pooler` is asked for and the file has no other one: it is
  /// the pooler of a model without a classifier, which pre-training has not trained.
  public var otherPooler: String?
  /// The linear map from the readout to the logits, with its prefix.
  public var classifier = "classifier"
  /// What the names of heads of pre-training begin with, which nothing reads.
  public var ignored: [String]

  /// Creates the names that BERT has, with another prefix.
  ///
  /// - Parameters:
  ///   - prefix: What the names of all weights but those of the heads begin with.
  ///   - pooler: The linear map of the readout `pooler`, with its prefix.
  ///   - ignored: What the names of heads of pre-training begin with.
  public init(prefix: String, pooler: String, ignored: [String]) {
    (self.prefix, self.pooler, self.ignored) = (prefix, pooler, ignored)
  }

  /// What the names of weights begin with that a file of the class without heads has without the prefix.
  var bases: [String] {
    let poolers = [pooler, otherPooler].compactMap { $0 }.filter { $0.hasPrefix(prefix) }
    let names = [words, projection, layers] + poolers.map { String($0.dropFirst(prefix.count)) }
    return Set(names.map { $0.prefix { $0 != "." } + "." }).sorted()
  }
}

/// A type that gives an architecture the name of a plugin. It has no values.
///
/// ```swift
/// public enum ELECTRA: NamedArchitecture { … }
/// public typealias ELECTRATeacher = EncoderTeacher<ELECTRA>
/// public typealias ELECTRAStudent = EncoderStudent<ELECTRA>
/// ```
public protocol NamedArchitecture: Sendable {
  /// What `use:` calls the teacher and the student. It has to be a `model_type`, because programs that are given a folder without a
  /// pipeline look for the student of that name.
  static var name: String { get }
  /// The name in sentences, such as `an ELECTRA encoder`.
  static var title: String { get }
  /// The description.
  static var architecture: EncoderArchitecture { get }
}
