import DistillCore
import Foundation

/// The source of a head's initial weights.
public enum HeadSource: String, CaseIterable, Sendable, OptionValue {
  /// The weights come from the file. They are new only if the file does not contain the head.
  case checkpoint
  /// The weights are new, even if the file contains the head.
  case fresh

  /// Rejects the option `pooler` if nothing would read what it asks for.
  static func reject(_ pooler: HeadSource, with readout: Readout?, _ visit: inout OptionVisitor) {
    guard pooler == .fresh, let readout, readout != .pooler else { return }
    visit.reject(
      "pooler", "a new pooler would not be read: the readout is `\(readout.rawValue)`",
      hint: "leave `pooler` out, or `readout`, which `pooler: fresh` makes `pooler`", given: ["readout"])
  }
}

/// The source of a classifier's initial weights.
public enum ClassifierSource: String, CaseIterable, Sendable, OptionValue {
  /// The weights come from the file or the teacher.
  case checkpoint
  /// The weights are a `LinearProbe`, fitted to the labels on the embeddings of the encoder as it is.
  case regression
  /// The weights are random.
  case fresh
}

/// Reads and writes `model.safetensors` of Hugging Face. Names may lack the prefix `bert.`, and heads may be missing.
enum BERTWeights {
  static let fileName = "model.safetensors"

  /// The choice of weights that are read from a file. The others are new.
  struct Selection {
    /// The layers of the file that become layers 1, 2, … of the encoder, or `nil` for all layers in order.
    var layers: [Int]?
    /// The readout, or `nil` for that of the source.
    var readout: Readout?
    /// The way in which pairs are read, or `nil` for that of the source.
    var pairs: PairReading?
    var pooler = HeadSource.checkpoint
    var classifier: ClassifierSource?
  }

  /// The weights in a file that an encoder can use, determined from the header before any memory is allocated.
  struct Source {
    fileprivate let reader: SafetensorsReader
    /// The name in the file of each parameter.
    fileprivate let names: [String: String]
    /// The names of the parameters that are not taken from the file, in the order of definition.
    let missing: [String]

    /// Returns the values of a parameter, which must not be missing.
    ///
    /// - Throws: ``FormatError`` if a number is not finite.
    func values(of parameter: String) throws -> [Float] {
      guard let name = names[parameter] else { preconditionFailure("\(parameter) is missing") }
      let values = try reader.floats(named: name)
      guard values.allSatisfy(\.isFinite) else {
        throw FormatError(file: reader.url, "\(name) holds a number that is not finite")
      }
      return values
    }
  }

  /// Matches the tensors in a file with the parameters of an encoder.
  ///
  /// - Throws: ``FormatError`` with the first missing, unexpected and misshapen tensors.
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
      if head?.isFresh == true { continue }
      // A head may be missing as a whole, but not in part.
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
    for name in BERTParameters.pooler { names[name] = nil }  // of no use to other readouts
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

  /// Returns whether the weight file in a folder contains a pooler, according to its header. A file that cannot be read is reported
  /// when its weights are.
  static func containsPooler(_ folder: URL) -> Bool { shape(of: BERTParameters.pooler[0], in: folder) != nil }

  /// Returns the way in which the encoder in a folder reads pairs, which the width of its classifier tells.
  static func pairs(of folder: URL, hiddenSize: Int) -> PairReading {
    let width = shape(of: BERTParameters.classifier[0], in: folder)?.last
    return width == PairReading.separate.parts * hiddenSize ? .separate : .joint
  }

  private static func shape(of parameter: String, in folder: URL) -> [Int]? {
    guard let reader = try? SafetensorsReader(folder.appending(path: fileName)) else { return nil }
    return canonicalNames(reader.names).known[parameter].flatMap { reader.tensors[$0]?.shape }
  }

  static func write(_ weights: Weights, to folder: URL) throws {
    var writer = SafetensorsWriter()
    for definition in weights.layout.definitions {
      writer.add(definition.name, shape: definition.shape.array) { weights[definition.name].values }
    }
    try writer.write(to: folder.appending(path: fileName))
  }

  /// Returns the name in the file for each name of `BertForSequenceClassification`, and the names that occur twice.
  ///
  /// The heads of pre-training and the buffer of positions are ignored. Old files call the parameters of layer norms gamma and
  /// beta.
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

  /// Returns the name that a parameter has in its source, where the layers may have other numbers.
  static func sourceName(_ name: String, _ layers: [Int]?) -> String {
    guard let layers else { return name }
    for (index, source) in layers.enumerated() {
      let prefix = BERTParameters.layer(index + 1)
      if name.hasPrefix(prefix) { return BERTParameters.layer(source) + name.dropFirst(prefix.count) }
    }
    return name
  }

  /// Returns the head that a parameter belongs to, or `nil` if it belongs to none.
  ///
  /// The result is whether its weights are new in any case, the names of its parameters, and a hint for errors about them.
  static func head(of name: String, _ selection: Selection) -> (isFresh: Bool, names: [String], hint: String)? {
    if BERTParameters.pooler.contains(name) {
      return (selection.pooler == .fresh, BERTParameters.pooler, " (`pooler: fresh` starts a new one)")
    }
    if BERTParameters.classifier.contains(name) {
      let hint = " (a head of another task? `classifier: regression` starts a new one)"
      return ([.fresh, .regression].contains(selection.classifier), BERTParameters.classifier, hint)
    }
    return nil
  }

  /// Returns the path of the weight file.
  ///
  /// - Throws: ``FormatError`` if it does not exist. The error mentions weights in other formats that the folder contains.
  private static func existing(_ file: URL) throws -> URL {
    if FileManager.default.fileExists(atPath: file.path) { return file }
    let folder = file.deletingLastPathComponent()
    for (other, what) in [
      ("pytorch_model.bin", "weights in PyTorch's pickle format; save them with safe_serialization=True"),
      ("model.safetensors.index.json", "weights in several shards; save them as one file"),
    ] where FileManager.default.fileExists(atPath: folder.appending(path: other).path) {
      throw FormatError(file: file, "is missing; \(other) holds \(what)")
    }
    throw FormatError(file: file, "is missing" + (fetchingHint(file).map { "; \($0)" } ?? ""))
  }
}
