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

  /// Fills all parameters of an encoder.
  /// - Throws: ``FormatError`` that lists missing, unexpected and misshapen tensors by their full names.
  static func load(_ encoder: BERTEncoder, from folder: URL, _ selection: Selection, key: RandomKey) throws {
    let file = folder.appending(path: fileName)
    let reader = try SafetensorsReader(try existing(file))
    let (names, unexpected) = canonicalNames(reader.names)
    var problems = unexpected.map { "unexpected: \($0)" }

    var sources: [(parameter: Parameter, name: String)] = []
    var fresh: [Parameter] = []
    for parameter in encoder.parameters.parameters {
      let wanted = sourceName(parameter.name, selection.layers)
      let head = head(of: parameter.name, selection)
      if head == .fresh || (head == .checkpoint && names[wanted] == nil) {
        fresh.append(parameter)
      } else if let name = names[wanted], let info = reader.tensors[name] {
        if info.shape == parameter.shape.array {
          sources.append((parameter, name))
        } else {
          problems.append("misshapen: \(name) is \(info.shape), expected \(parameter.shape)\(hint(head))")
        }
      } else {
        problems.append("missing: \(wanted)")
      }
    }
    if selection.layers == nil {
      let known = Set(encoder.parameters.parameters.map(\.name))
      problems += names.filter { !known.contains($0.key) }.map { "unexpected: \($0.value)" }.sorted()
    }
    guard problems.isEmpty else {
      throw FormatError(
        file: file, "does not hold the weights that config.json describes:\n  " + problems.joined(separator: "\n  "))
    }
    for (parameter, name) in sources {
      let values = try reader.floats(named: name)
      guard values.allSatisfy(\.isFinite) else {
        throw FormatError(file: file, "\(name) holds a number that is not finite")
      }
      parameter.assign(values)
    }
    for parameter in fresh { BERTParameters.initialise(parameter, encoder.configuration, key: key) }
    if !fresh.isEmpty { encoder.untrained = [.logits] }
    if encoder.embedding == .pooler, fresh.contains(where: { BERTParameters.pooler.contains($0.name) }) {
      encoder.untrained.insert(.embedding)
    }
  }

  static func write(_ parameters: ParameterStore, to folder: URL) throws {
    var writer = SafetensorsWriter()
    for parameter in parameters.parameters {
      writer.add(parameter.name, shape: parameter.shape.array) { parameter.value.values }
    }
    try writer.write(to: folder.appending(path: fileName))
  }

  /// Names in the file by the name that `BertForSequenceClassification` gives them, and those that no BERT has. Heads of
  /// pre-training and the buffer of positions are known and passed over.
  private static func canonicalNames(_ names: [String]) -> (known: [String: String], unexpected: [String]) {
    var known: [String: String] = [:]
    var unexpected: [String] = []
    for name in names where !name.hasPrefix("cls.") && !name.hasSuffix("embeddings.position_ids") {
      var canonical = name
      for (old, new) in [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")]
      where canonical.hasSuffix(old) {
        canonical = canonical.dropLast(old.count) + new
      }
      if ["embeddings.", "encoder.", "pooler."].contains(where: canonical.hasPrefix) {
        canonical = "bert." + canonical
      }
      if canonical.hasPrefix("bert.") || canonical.hasPrefix("classifier.") {
        known[canonical] = name
      } else {
        unexpected.append(name)
      }
    }
    return (known, unexpected.sorted())
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

  static func head(of name: String, _ selection: Selection) -> HeadSource? {
    if BERTParameters.pooler.contains(name) { return selection.pooler }
    if BERTParameters.classifier.contains(name) { return selection.classifier }
    return nil
  }

  private static func hint(_ head: HeadSource?) -> String {
    head == nil ? "" : " (a head of another task? `classifier: fresh` starts a new one)"
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
