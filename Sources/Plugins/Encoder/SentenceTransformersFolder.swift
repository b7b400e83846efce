import DistillCore
import Foundation

/// The files that sentence-transformers adds to a Hugging Face folder. They say how the states of a text become its embedding.
enum SentenceTransformersFolder {
  private static let modules = "modules.json"
  private static let pooling = "1_Pooling"
  private static let pooler = "2_Dense"
  /// The folder of the classifier. It is a `Dense` module that `modules.json` does not name, so that `encode` gives embeddings.
  private static let classifier = "classifier"

  /// The files that the readout of a checkpoint depends on.
  static let sources = [modules, "\(pooling)/config.json"]

  private struct Module: Codable {
    var idx: Int
    var name: String
    var path: String
    var type: String

    /// The name of the class without the module that it is in, which differs between versions.
    var kind: Substring { type.split(separator: ".").last ?? "" }
  }

  /// Returns the readout that the folder describes, or `nil` if it has no such files.
  ///
  /// - Throws: ``FormatError`` if the files are damaged or describe an embedding that ``Readout`` cannot express.
  static func readout(of folder: URL) throws -> Readout? {
    let list = folder.appending(path: modules)
    guard FileManager.default.fileExists(atPath: list.path) else {
      let mode = folder.appending(path: "\(pooling)/config.json")
      return FileManager.default.fileExists(atPath: mode.path) ? try readout(pooling: mode) : nil
    }
    guard let named = try? JSONDecoder().decode([Module].self, from: Data(contentsOf: list)) else {
      throw FormatError(file: list, "is not a list of modules")
    }
    guard let module = named.first(where: { $0.kind == "Pooling" }) else {
      throw FormatError(file: list, "names no Pooling module; choose one with `readout: mean`, `cls` or `pooler`")
    }
    let readout = try readout(pooling: folder.appending(path: "\(module.path)/config.json"))
    switch named.map(\.kind).filter({ !["Transformer", "Pooling", "Normalize"].contains($0) }) {
    case []: return readout
    case ["Dense"] where readout == .cls: return .pooler
    case let others:
      throw FormatError(
        file: list,
        "has the modules \(others.joined(separator: ", ")) after the pooling, which are not supported; "
          + "`readout: \(readout)` leaves them out")
    }
  }

  /// Reads `config.json` of a `Pooling` module in the spelling of any version.
  private static func readout(pooling file: URL) throws -> Readout {
    guard let fields = try? JSONDecoder().decode(PoolingFields.self, from: Data(contentsOf: file)) else {
      throw FormatError(file: file, "cannot be read as the configuration of a Pooling module")
    }
    let modes = fields.modes
    switch modes {
    case ["mean"]: return .mean
    case ["cls"]: return .cls
    default:
      throw FormatError(
        file: file,
        "pools by \(modes.isEmpty ? "nothing" : modes.joined(separator: " and ")), which is not supported; "
          + "choose `readout: mean`, `cls` or `pooler`")
    }
  }

  /// Writes the files beside those of Hugging Face, so that `SentenceTransformer(folder).encode` gives the embeddings of the
  /// encoder, and `Dense.load` of the folder `classifier` the map from embeddings to logits. An encoder that reads the texts of a pair
  /// apart is written as what gives the embedding of one text.
  ///
  /// - Parameters:
  ///   - encoder: The encoder.
  ///   - folder: The folder, which has the files of Hugging Face.
  ///   - maximumLength: The most tokens of a sequence.
  static func write(_ encoder: TransformerEncoder, to folder: URL, maximumLength: Int) throws {
    let width = encoder.configuration.hiddenSize
    var named = [
      Module(idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer"),
      Module(idx: 1, name: "1", path: pooling, type: "sentence_transformers.models.Pooling"),
    ]
    let architecture = encoder.configuration.architecture
    try write(
      TransformerFields(
        max_seq_length: maximumLength, model_args: architecture.hasOptionalPooler ? ["add_pooling_layer": false] : [:]),
      to: folder.appending(path: "sentence_bert_config.json"))
    try makeFolder(folder.appending(path: pooling))
    try write(
      PoolingFields(
        word_embedding_dimension: width, pooling_mode_cls_token: encoder.readout != .mean,
        pooling_mode_mean_tokens: encoder.readout == .mean),
      to: folder.appending(path: "\(pooling)/config.json"))
    if encoder.readout == .pooler {
      named.append(Module(idx: 2, name: "2", path: pooler, type: "sentence_transformers.models.Dense"))
      try writeDense(
        EncoderParameters(architecture).pooler, of: encoder, architecture.headActivation.module,
        to: folder.appending(path: pooler))
    }
    try writeDense(
      EncoderParameters(architecture).classifier, of: encoder, "torch.nn.modules.linear.Identity",
      to: folder.appending(path: classifier))
    try write(named, to: folder.appending(path: modules))
  }

  private struct TransformerFields: Encodable {
    var max_seq_length: Int
    /// Keeps the library from creating a random pooler where there is none.
    var model_args: [String: Bool]
  }

  /// The members of the file under their own names. Newer versions write `pooling_mode`, which old ones cannot read.
  private struct PoolingFields: Codable {
    var word_embedding_dimension: Int?
    var pooling_mode: Modes?
    var pooling_mode_cls_token: Bool?
    var pooling_mode_mean_tokens: Bool?
    var pooling_mode_max_tokens: Bool? = false
    var pooling_mode_mean_sqrt_len_tokens: Bool? = false
    var pooling_mode_weightedmean_tokens: Bool?
    var pooling_mode_lasttoken: Bool?

    /// The modes that are on, by their newer names.
    var modes: [String] {
      let flags = [
        ("cls", pooling_mode_cls_token), ("mean", pooling_mode_mean_tokens), ("max", pooling_mode_max_tokens),
        ("mean_sqrt_len", pooling_mode_mean_sqrt_len_tokens), ("weightedmean", pooling_mode_weightedmean_tokens),
        ("lasttoken", pooling_mode_lasttoken),
      ]
      return (pooling_mode?.names ?? []) + flags.filter { $0.1 == true }.map(\.0)
    }
  }

  /// One name or a list of names.
  private struct Modes: Codable {
    let names: [String]

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      names = try (try? [value.decode(String.self)]) ?? value.decode([String].self)
    }

    func encode(to encoder: any Encoder) throws { try names.encode(to: encoder) }
  }

  private struct DenseFields: Encodable {
    var in_features: Int
    var out_features: Int
    var bias = true
    var activation_function: String
  }

  /// Writes a linear map, whose weight and bias have these names in the encoder, as a module of the class `Dense`.
  private static func writeDense(
    _ names: [String], of encoder: TransformerEncoder, _ activation: String, to folder: URL
  )
    throws
  {
    let (weight, bias) = (encoder.weights[names[0]], encoder.weights[names[1]])
    try makeFolder(folder)
    try write(
      DenseFields(in_features: weight.shape[1], out_features: weight.shape[0], activation_function: activation),
      to: folder.appending(path: "config.json"))
    var writer = SafetensorsWriter()
    writer.add("linear.weight", shape: weight.shape.array) { weight.values }
    writer.add("linear.bias", shape: bias.shape.array) { bias.values }
    try writer.write(to: folder.appending(path: WeightFiles.fileName))
  }

  private static func makeFolder(_ url: URL) throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  private static func write(_ value: some Encodable, to file: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(encoder.encode(value), to: file)
  }
}

extension EncoderArchitecture.HeadActivation {
  /// The class in PyTorch.
  fileprivate var module: String {
    let name =
      switch self {
      case .tanh: "Tanh"
      case .feedForward(.relu): "ReLU"
      case .feedForward: "GELU"
      }
    return "torch.nn.modules.activation.\(name)"
  }
}
