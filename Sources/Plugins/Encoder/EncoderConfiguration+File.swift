import DistillCore
import Foundation

extension EncoderConfiguration {
  /// The supported activations of feed-forward blocks. The first name of an activation is the one that is written.
  private static let activations: [(name: String, value: FeedForwardActivation)] = [
    ("gelu", .gelu), ("gelu_new", .geluTanh), ("gelu_pytorch_tanh", .geluTanh), ("relu", .relu),
  ]

  /// The plugins of this package for each `model_type`, which an error names if a folder is of another architecture.
  private static let readable = ["bert", "camembert", "distilbert", "electra", "mpnet", "roberta", "xlm-roberta"]

  /// Reads `config.json` in a model folder.
  ///
  /// - Throws: `FormatError` if the file is missing, is not that of an encoder of this architecture, or contains impossible values.
  init(folder: URL, _ architecture: EncoderArchitecture) throws {
    let file = folder.appending(path: "config.json")
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw FormatError(file: folder, "there is no such folder; \(missingFileHint(folder))")
    }
    guard let data = try? Data(contentsOf: file) else {
      throw FormatError(
        file: file, "cannot be read; a model folder holds config.json, model.safetensors and a vocabulary")
    }
    struct Kind: Decodable { let model_type: String? }
    // Other architectures have other fields, so that this is asked first.
    let type = (try? JSONDecoder().decode(Kind.self, from: data).model_type) ?? architecture.models[0].type
    guard architecture.models.contains(where: { $0.type == type }) else {
      throw FormatError(file: file, Self.refusal(of: type, by: architecture))
    }
    do {
      self = try JSONDecoder().decode(Fields.self, from: data, configuration: (architecture, type)).configuration
    } catch let error as DecodingError {
      throw FormatError(
        file: file, "is not the configuration of an encoder of the kind \(type): \(Self.reason(error))")
    } catch let refusal as Refusal {
      throw FormatError(file: file, refusal.what)
    }
    if let problem { throw FormatError(file: file, problem) }
  }

  /// Returns what to say of a model of another architecture.
  private static func refusal(of type: String, by architecture: EncoderArchitecture) -> String {
    let own = architecture.models.map { "\"\($0.type)\"" }.joined(separator: ", ")
    if readable.contains(type) {
      return "is of a \"\(type)\" model, and this plugin reads \(own); write `use: \(type)`"
    }
    let all = Set(readable).union(architecture.models.map(\.type)).sorted().map { "\"\($0)\"" }
    return "is of a \"\(type)\" model, which cannot be read; models of these types can: \(all.joined(separator: ", "))"
  }

  /// The reason why a value in the file cannot be used.
  private struct Refusal: Error { var what: String }

  /// A name of a member that is only known at run time.
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.init(stringValue) }
    init?(intValue _: Int) { nil }
  }

  /// The members of the file that matter, under the names that the architecture gives them.
  private struct Fields: DecodableWithConfiguration {
    let configuration: EncoderConfiguration

    init(from decoder: any Decoder, configuration known: (EncoderArchitecture, modelType: String)) throws {
      let (architecture, modelType) = known
      let members = try decoder.container(keyedBy: Key.self)
      let names = architecture.fields
      func needed(_ name: String) throws -> Int { try members.decode(Int.self, forKey: Key(name)) }
      func given<Value: Decodable>(_ name: String?) throws -> Value? {
        try name.flatMap { try members.decodeIfPresent(Value.self, forKey: Key($0)) }
      }
      let kind: String? = try given("position_embedding_type")
      if let kind, kind != "absolute" {
        throw Refusal(what: "has position_embedding_type \"\(kind)\"; only \"absolute\" is supported")
      }
      let isDecoder: Bool? = try given("is_decoder")
      if isDecoder == true { throw Refusal(what: "has is_decoder true; only encoders are supported") }
      if let bias = architecture.relativeBias, let buckets: Int = try given(bias.field), buckets != bias.buckets {
        throw Refusal(what: "has \(bias.field) \(buckets); only \(bias.buckets) is supported")
      }
      let name = try given(names.activation) ?? "gelu"
      guard let activation = activations.first(where: { $0.name == name })?.value else {
        throw Refusal(
          what: "has \(names.activation) \"\(name)\"; supported are \(activations.map(\.name).joined(separator: ", "))")
      }
      let padding: Int
      switch architecture.positions {
      case .fromZero: padding = try given("pad_token_id") ?? 0
      case .afterPadding(let id, isFixed: true): padding = id
      case .afterPadding(let id, isFixed: false): padding = try given("pad_token_id") ?? id
      }
      configuration = EncoderConfiguration(
        architecture, modelType: modelType, vocabularySize: try needed("vocab_size"),
        hiddenSize: try needed(names.hiddenSize),
        embeddingSize: try given(names.embeddingSize), layers: try needed(names.layers),
        heads: try needed(names.heads), intermediateSize: try needed(names.intermediateSize),
        positionRows: try given("max_position_embeddings") ?? 512,
        typeVocabularySize: try given(names.typeVocabularySize) ?? 2,
        layerNormEpsilon: try given(names.layerNormEpsilon) ?? 1e-12,
        hiddenDropout: try given(names.hiddenDropout) ?? 0.1,
        attentionDropout: try given(names.attentionDropout) ?? 0.1,
        initializerRange: try given("initializer_range") ?? 0.02, activation: activation, paddingID: padding)
    }
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

  /// Writes `config.json` for `transformers`.
  ///
  /// - Parameters:
  ///   - folder: The folder that the file belongs to.
  ///   - task: The task, whose labels the file names.
  ///   - classifies: Whether the weights are those of the class `ForSequenceClassification`. Otherwise they are read as those of the
  ///     class `Model`.
  func write(to folder: URL, task: TaskKind, classifies: Bool) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(
      encoder.encode(Written(configuration: self, task: task, classifies: classifies)),
      to: folder.appending(path: "config.json"))
  }

  /// The contents of the file.
  private struct Written: Encodable {
    let configuration: EncoderConfiguration
    let task: TaskKind
    let classifies: Bool

    func encode(to encoder: any Encoder) throws {
      let (c, names) = (configuration, configuration.architecture.fields)
      var members = encoder.container(keyedBy: Key.self)
      func put(_ name: String?, _ value: some Encodable) throws {
        if let name { try members.encode(value, forKey: Key(name)) }
      }
      try put("model_type", c.modelType)
      try put("architectures", [c.className + (classifies ? "ForSequenceClassification" : "Model")])
      try put("position_embedding_type", "absolute")
      try put("vocab_size", c.vocabularySize)
      try put(names.hiddenSize, c.hiddenSize)
      try put(names.embeddingSize, c.embeddingSize)
      try put(names.layers, c.layers)
      try put(names.heads, c.heads)
      try put(names.intermediateSize, c.intermediateSize)
      try put(names.activation, activations.first { $0.value == c.activation }?.name)
      try put("max_position_embeddings", c.positionRows)
      try put(names.typeVocabularySize, c.typeVocabularySize)
      try put(names.layerNormEpsilon, c.layerNormEpsilon)
      try put(names.hiddenDropout, c.hiddenDropout)
      try put(names.attentionDropout, c.attentionDropout)
      try put("initializer_range", c.initializerRange)
      try put("pad_token_id", c.paddingID)
      try put(c.architecture.relativeBias?.field, c.architecture.relativeBias?.buckets)
      let labels = task.labels ?? ["score"]
      try put("problem_type", Self.problemType(task))
      try put("id2label", Dictionary(uniqueKeysWithValues: labels.enumerated().map { (String($0), $1) }))
      try put("label2id", Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) }))
    }

    private static func problemType(_ task: TaskKind) -> String {
      switch task {
      case .classification: "single_label_classification"
      case .multilabel: "multi_label_classification"
      case .regression: "regression"
      }
    }
  }

  /// Returns the labels in a folder's `config.json` in the order of their indices, or `nil` if it contains none.
  static func labels(in folder: URL) -> [String]? {
    struct Labels: Decodable { let id2label: [String: String]? }
    guard let data = try? Data(contentsOf: folder.appending(path: "config.json")),
      let names = try? JSONDecoder().decode(Labels.self, from: data).id2label
    else { return nil }
    let ordered = (0..<names.count).compactMap { names[String($0)] }
    return ordered.count == names.count ? ordered : nil
  }
}
