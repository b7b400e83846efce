import DistillCore
import Foundation

/// Where a head's first weights come from.
public enum HeadSource: String, CaseIterable, Sendable, OptionValue {
  /// From the weight file; new ones only where it has none.
  case checkpoint
  /// New ones in any case.
  case fresh
}

/// `model.safetensors` of the Hugging Face layout, with or without the `bert.` prefix, with or without heads.
enum BERTWeights {
  static let fileName = "model.safetensors"

  /// Which weights are taken from a file, and which are made anew.
  struct Selection {
    /// Layers of the file for layers 1, 2, … here; nil for all of them, in order.
    var layers: [Int]?
    var pooler = HeadSource.checkpoint
    var classifier = HeadSource.checkpoint
  }

  /// What a file holds for an encoder, settled before any memory is taken.
  struct Source {
    fileprivate let reader: SafetensorsReader
    /// Names in the file by those of the parameters.
    fileprivate let names: [String: String]
    /// Parameters that it has nothing for, in order.
    let missing: [String]

    /// The values of a parameter that is not missing.
    /// - Throws: ``FormatError`` for a number that is not finite.
    func values(of parameter: String) throws -> [Float] {
      guard let name = names[parameter] else { preconditionFailure("\(parameter) is missing") }
      let values = try reader.floats(named: name)
      guard values.allSatisfy(\.isFinite) else {
        throw FormatError(file: reader.url, "\(name) holds a number that is not finite")
      }
      return values
    }
  }

  /// Compares a file with the parameters that an encoder is going to have.
  /// - Throws: ``FormatError`` that names missing, unexpected and misshapen tensors, the first of them.
  static func source(
    of definitions: [ParameterDefinition], in folder: URL, _ selection: Selection
  ) throws -> Source {
    let file = folder.appending(path: fileName)
    let reader = try SafetensorsReader(try existing(file))
    var (names, problems) = canonicalNames(reader.names)

    var sources: [String: String] = [:]
    for definition in definitions {
      let wanted = sourceName(definition.name, selection.layers)
      let head = head(of: definition.name, selection)
      if head?.source == .fresh { continue }
      if let name = names[wanted], let info = reader.tensors[name] {
        sources[definition.name] = name
        if info.shape != definition.shape.array {
          problems.append("misshapen: \(name) is \(info.shape), expected \(definition.shape)\(head?.hint ?? "")")
        }
      } else if head.map({ $0.names.contains { names[$0] != nil } }) ?? true {
        problems.append("missing: \(wanted)")
      }
    }
    for definition in definitions { names[definition.name] = nil }
    if selection.layers != nil { names = names.filter { !$0.key.hasPrefix(BERTParameters.layers) } }
    problems += names.values.map { "unexpected: \($0)" }.sorted()
    guard problems.isEmpty else {
      let more = problems.count > 10 ? "; and \(problems.count - 10) more" : ""
      throw FormatError(
        file: file,
        "does not hold the weights that config.json describes: " + problems.prefix(10).joined(separator: "; ") + more)
    }
    return Source(
      reader: reader, names: sources, missing: definitions.map(\.name).filter { sources[$0] == nil })
  }

  static func write(_ weights: Weights, to folder: URL) throws {
    var writer = SafetensorsWriter()
    for definition in weights.layout.definitions {
      writer.add(definition.name, shape: definition.shape.array) { weights[definition.name].values }
    }
    try writer.write(to: folder.appending(path: fileName))
  }

  /// Names in the file by the name that `BertForSequenceClassification` gives them, and what is wrong with the others. Heads
  /// of pre-training and the buffer of positions are known and passed over.
  private static func canonicalNames(_ names: [String]) -> (known: [String: String], problems: [String]) {
    var known: [String: String] = [:]
    var problems: [String] = []
    for name in names where !name.hasPrefix("cls.") && !name.hasSuffix("embeddings.position_ids") {
      var canonical = name
      for (old, new) in [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")]
      where canonical.hasSuffix(old) {
        canonical = canonical.dropLast(old.count) + new
      }
      if ["embeddings.", "encoder.", "pooler."].contains(where: canonical.hasPrefix) {
        canonical = "bert." + canonical
      }
      if let other = known.updateValue(name, forKey: canonical) { problems.append("twice: \(other) and \(name)") }
    }
    return (known, problems)
  }

  /// The name in the file of a parameter here, once layers are picked.
  static func sourceName(_ name: String, _ layers: [Int]?) -> String {
    guard let layers else { return name }
    for (index, source) in layers.enumerated() {
      let prefix = BERTParameters.layer(index + 1)
      if name.hasPrefix(prefix) { return BERTParameters.layer(source) + name.dropFirst(prefix.count) }
    }
    return name
  }

  /// The head that a parameter belongs to, where it belongs to one: where its weights come from, its parameters, and what to
  /// say when they do not fit.
  static func head(of name: String, _ selection: Selection) -> (source: HeadSource, names: [String], hint: String)? {
    if BERTParameters.pooler.contains(name) {
      return (selection.pooler, BERTParameters.pooler, " (`pooler: fresh` starts a new one)")
    }
    if BERTParameters.classifier.contains(name) {
      let hint = " (a head of another task? `classifier: fresh` starts a new one)"
      return (selection.classifier, BERTParameters.classifier, hint)
    }
    return nil
  }

  private static func existing(_ file: URL) throws -> URL {
    if FileManager.default.fileExists(atPath: file.path) { return file }
    let folder = file.deletingLastPathComponent()
    for (other, what) in [
      ("pytorch_model.bin", "weights in PyTorch's pickle format; save them with safe_serialization=True"),
      ("model.safetensors.index.json", "weights in several shards; save them as one file"),
    ] where FileManager.default.fileExists(atPath: folder.appending(path: other).path) {
      throw FormatError(file: file, "is missing; \(other) holds \(what)")
    }
    throw FormatError(file: file, "is missing")
  }
}
