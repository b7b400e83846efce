import DistillCore
import Foundation

/// The dimensions and settings of a BERT encoder, as in `config.json` of Hugging Face (Devlin et al. 2019).
struct BERTConfiguration: Sendable, Equatable {
  var vocabularySize: Int
  var hiddenSize: Int
  var layers: Int
  var heads: Int
  var intermediateSize: Int
  var maximumPositions: Int
  var typeVocabularySize: Int
  var layerNormEpsilon: Float
  var hiddenDropout: Float
  var attentionDropout: Float
  var initializerRange: Float
  var activation: FeedForwardActivation

  init(
    vocabularySize: Int, hiddenSize: Int, layers: Int, heads: Int, intermediateSize: Int, maximumPositions: Int = 512,
    typeVocabularySize: Int = 2, layerNormEpsilon: Float = 1e-12, hiddenDropout: Float = 0.1,
    attentionDropout: Float = 0.1, initializerRange: Float = 0.02, activation: FeedForwardActivation = .gelu
  ) {
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.heads = heads
    self.intermediateSize = intermediateSize
    self.maximumPositions = maximumPositions
    self.typeVocabularySize = typeVocabularySize
    self.layerNormEpsilon = layerNormEpsilon
    self.hiddenDropout = hiddenDropout
    self.attentionDropout = attentionDropout
    self.initializerRange = initializerRange
    self.activation = activation
  }

  /// The supported values of `hidden_act`. The first name of an activation is the one that is written.
  private static let activations: [(name: String, value: FeedForwardActivation)] = [
    ("gelu", .gelu), ("gelu_new", .geluTanh), ("gelu_pytorch_tanh", .geluTanh), ("relu", .relu),
  ]

  /// Reads `config.json` in a model folder.
  ///
  /// - Throws: `FormatError` if the file is missing, is not that of a BERT encoder, or contains impossible values.
  init(folder: URL) throws {
    let file = folder.appending(path: "config.json")
    let fields: Fields
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw FormatError(file: folder, "there is no such folder; \(missingFileHint(folder))")
    }
    func refuse(_ what: String) -> FormatError { FormatError(file: file, what) }
    struct Kind: Decodable { let model_type: String? }
    do {
      let data = try Data(contentsOf: file)
      // Other architectures have other fields, so that this is asked first.
      if let type = try? JSONDecoder().decode(Kind.self, from: data).model_type, type != "bert" {
        throw refuse("is of a \"\(type)\" model; only \"bert\" can be read")
      }
      fields = try JSONDecoder().decode(Fields.self, from: data)
    } catch let error as FormatError {
      throw error
    } catch let error as DecodingError {
      throw FormatError(file: file, "is not the configuration of a BERT encoder: \(Self.reason(error))")
    } catch {
      throw FormatError(
        file: file, "cannot be read; a model folder holds config.json, model.safetensors and a vocabulary")
    }
    if let kind = fields.position_embedding_type, kind != "absolute" {
      throw refuse("has position_embedding_type \"\(kind)\"; only \"absolute\" is supported")
    }
    if fields.is_decoder == true { throw refuse("has is_decoder true; only encoders are supported") }
    let name = fields.hidden_act ?? "gelu"
    guard let activation = Self.activations.first(where: { $0.name == name })?.value else {
      throw refuse("has hidden_act \"\(name)\"; supported are \(Self.activations.map(\.name).joined(separator: ", "))")
    }
    self.init(
      vocabularySize: fields.vocab_size, hiddenSize: fields.hidden_size, layers: fields.num_hidden_layers,
      heads: fields.num_attention_heads, intermediateSize: fields.intermediate_size,
      maximumPositions: fields.max_position_embeddings ?? 512, typeVocabularySize: fields.type_vocab_size ?? 2,
      layerNormEpsilon: fields.layer_norm_eps ?? 1e-12, hiddenDropout: fields.hidden_dropout_prob ?? 0.1,
      attentionDropout: fields.attention_probs_dropout_prob ?? 0.1, initializerRange: fields.initializer_range ?? 0.02,
      activation: activation)
    if let problem { throw refuse(problem) }
  }

  /// A description of the first impossible value, or `nil` if all values are possible.
  var problem: String? {
    let sizes = [
      ("vocab_size", vocabularySize), ("hidden_size", hiddenSize), ("num_hidden_layers", layers),
      ("num_attention_heads", heads), ("intermediate_size", intermediateSize),
      ("max_position_embeddings", maximumPositions), ("type_vocab_size", typeVocabularySize),
    ]
    for (name, size) in sizes where size < 1 || size > 1 << 24 { return "has \(name) \(size)" }
    if layers > 1000 { return "has num_hidden_layers \(layers)" }
    if hiddenSize % heads != 0 { return "has \(heads) attention heads, which do not divide hidden_size \(hiddenSize)" }
    for (name, p) in [("hidden_dropout_prob", hiddenDropout), ("attention_probs_dropout_prob", attentionDropout)]
    where !(p >= 0 && p < 1) {
      return "has \(name) \(p); a probability below 1 is needed"
    }
    return layerNormEpsilon > 0 ? nil : "has layer_norm_eps \(layerNormEpsilon)"
  }

  /// Writes `config.json` for `transformers`.
  ///
  /// - Parameters:
  ///   - folder: The folder that the file belongs to.
  ///   - task: The task, whose labels the file names.
  ///   - classifies: Whether the weights are those of a `BertForSequenceClassification`. Otherwise they are read as a `BertModel`.
  func write(to folder: URL, task: TaskKind, classifies: Bool) throws {
    var fields = Fields(
      vocab_size: vocabularySize, hidden_size: hiddenSize, num_hidden_layers: layers, num_attention_heads: heads,
      intermediate_size: intermediateSize)
    fields.model_type = "bert"
    fields.architectures = [classifies ? "BertForSequenceClassification" : "BertModel"]
    fields.position_embedding_type = "absolute"
    fields.hidden_act = Self.activations.first { $0.value == activation }?.name
    fields.max_position_embeddings = maximumPositions
    fields.type_vocab_size = typeVocabularySize
    fields.layer_norm_eps = layerNormEpsilon
    fields.hidden_dropout_prob = hiddenDropout
    fields.attention_probs_dropout_prob = attentionDropout
    fields.initializer_range = initializerRange
    let labels = task.labels ?? ["score"]
    fields.problem_type =
      switch task {
      case .classification: "single_label_classification"
      case .multilabel: "multi_label_classification"
      case .regression: "regression"
      }
    fields.id2label = Dictionary(uniqueKeysWithValues: labels.enumerated().map { (String($0), $1) })
    fields.label2id = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(encoder.encode(fields), to: folder.appending(path: "config.json"))
  }

  /// Returns the labels in a folder's `config.json` in the order of their indices, or `nil` if it contains none.
  static func labels(in folder: URL) -> [String]? {
    guard let data = try? Data(contentsOf: folder.appending(path: "config.json")),
      let names = try? JSONDecoder().decode(Fields.self, from: data).id2label
    else { return nil }
    let ordered = (0..<names.count).compactMap { names[String($0)] }
    return ordered.count == names.count ? ordered : nil
  }

  /// The members of the file under their own names.
  private struct Fields: Codable {
    var model_type: String?
    var architectures: [String]?
    var vocab_size: Int
    var hidden_size: Int
    var num_hidden_layers: Int
    var num_attention_heads: Int
    var intermediate_size: Int
    var hidden_act: String?
    var hidden_dropout_prob: Float?
    var attention_probs_dropout_prob: Float?
    var max_position_embeddings: Int?
    var type_vocab_size: Int?
    var layer_norm_eps: Float?
    var initializer_range: Float?
    var position_embedding_type: String?
    var is_decoder: Bool?
    var problem_type: String?
    var pad_token_id: Int? = 0
    var id2label: [String: String]?
    var label2id: [String: Int]?
  }

  private static func reason(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _): "\(key.stringValue) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has the wrong type"
    case .dataCorrupted: "it is not JSON"
    @unknown default: "\(error)"
    }
  }
}
