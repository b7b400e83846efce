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

/// Matches the tensors of Hugging Face's files with parameters. Names may lack the prefix, such as `bert.`, and heads may be missing.
enum EncoderWeights {
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
    /// The dropout in training, or `nil` for that of the source.
    var dropout: Float?
  }

  /// The weights in a folder that an encoder can use, determined from the headers before any memory is allocated.
  struct Source {
    fileprivate let files: WeightFiles
    /// The name in the file of each parameter.
    fileprivate let names: [String: String]
    /// The names of the parameters that are not taken from the file, in the order of definition.
    let missing: [String]

    /// Returns the values of a parameter, which must not be missing.
    ///
    /// - Throws: ``FormatError`` if a number is not finite.
    func values(of parameter: String) throws -> [Float] {
      guard let name = names[parameter] else { preconditionFailure("\(parameter) is missing") }
      return try files.values(of: name)
    }
  }

  /// Matches the tensors in a folder with the parameters of an encoder.
  ///
  /// - Throws: ``FormatError`` with the first missing, unexpected and misshapen tensors.
  static func source(
    of definitions: [ParameterDefinition], in folder: URL, _ architecture: EncoderArchitecture, _ selection: Selection
  ) throws -> Source {
    let files = try WeightFiles(folder)
    let parameters = EncoderParameters(architecture)
    var (names, problems) = canonicalNames(files.names, architecture)
    if let other = architecture.weights.otherPooler {
      for (wanted, other) in zip(parameters.pooler, EncoderParameters.dense(other)) {
        let name = names.removeValue(forKey: other)
        if names[wanted] == nil, definitions.contains(where: { $0.name == wanted }) { names[wanted] = name }
      }
    }

    var sources: [String: String] = [:]
    for definition in definitions {
      let wanted = sourceName(definition.name, parameters, selection.layers)
      let head = head(of: definition.name, parameters, selection)
      if head?.isFresh == true { continue }
      // A head may be missing as a whole, but not in part.
      if let name = names[wanted] {
        sources[definition.name] = name
        if let shape = files.shape(of: name), shape != definition.shape.array {
          problems.append("misshapen: \(name) is \(shape), expected \(definition.shape)\(head?.hint ?? "")")
        }
      } else if head.map({ $0.names.contains { names[$0] != nil } }) ?? true {
        problems.append("missing: \(wanted)")
      }
    }
    for definition in definitions { names[definition.name] = nil }
    for name in parameters.pooler { names[name] = nil }  // of no use to other readouts
    if selection.layers != nil { names = names.filter { !$0.key.hasPrefix(parameters.layers) } }
    problems += names.values.map { "unexpected: \($0)" }.sorted()
    guard problems.isEmpty else {
      let more = problems.count > 10 ? "; and \(problems.count - 10) more" : ""
      throw FormatError(
        file: files.url,
        "does not hold the weights that config.json describes: " + problems.prefix(10).joined(separator: "; ") + more)
    }
    return Source(
      files: files, names: sources, missing: definitions.map(\.name).filter { sources[$0] == nil })
  }

  /// Returns whether the weights in a folder contain a pooler, according to their headers. A file that cannot be read is reported
  /// when its weights are.
  static func containsPooler(_ folder: URL, _ architecture: EncoderArchitecture) -> Bool {
    shape(of: EncoderParameters(architecture).pooler[0], in: folder, architecture) != nil
  }

  /// Returns the way in which the encoder in a folder reads pairs, which the width of its classifier tells.
  static func pairs(of folder: URL, _ configuration: EncoderConfiguration) -> PairReading {
    let classifier = EncoderParameters(configuration.architecture).classifier[0]
    let width = shape(of: classifier, in: folder, configuration.architecture)?.last
    return width == PairReading.separate.parts * configuration.hiddenSize ? .separate : .joint
  }

  private static func shape(of parameter: String, in folder: URL, _ architecture: EncoderArchitecture) -> [Int]? {
    guard let files = try? WeightFiles(folder) else { return nil }
    return canonicalNames(files.names, architecture).known[parameter].flatMap(files.shape)
  }

  static func write(_ weights: Weights, to folder: URL) throws {
    var writer = SafetensorsWriter()
    for definition in weights.layout.definitions {
      writer.add(definition.name, shape: definition.shape.array) { weights[definition.name].values }
    }
    try writer.write(to: folder.appending(path: WeightFiles.fileName))
  }

  /// Returns the name in the file for each name of the class for sequence classification, and the names that occur twice.
  ///
  /// The heads of pre-training and the buffers of positions and types are ignored. Old files call the parameters of layer norms gamma
  /// and beta.
  private static func canonicalNames(
    _ names: [String], _ architecture: EncoderArchitecture
  ) -> (known: [String: String], problems: [String]) {
    var known: [String: String] = [:]
    var problems: [String] = []
    let ignored = architecture.weights.ignored
    let bases = architecture.weights.bases
    for name in names where !ignored.contains(where: name.hasPrefix) && !isBuffer(name) {
      var canonical = name
      for (old, new) in [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")]
      where canonical.hasSuffix(old) {
        canonical = canonical.dropLast(old.count) + new
      }
      if bases.contains(where: canonical.hasPrefix) { canonical = architecture.weights.prefix + canonical }
      if let other = known.updateValue(name, forKey: canonical) { problems.append("twice: \(other) and \(name)") }
    }
    return (known, problems)
  }

  private static func isBuffer(_ name: String) -> Bool {
    ["embeddings.position_ids", "embeddings.token_type_ids"].contains(where: name.hasSuffix)
  }

  /// Returns the name that a parameter has in its source, where the layers may have other numbers.
  static func sourceName(_ name: String, _ parameters: EncoderParameters, _ layers: [Int]?) -> String {
    guard let layers else { return name }
    for (index, source) in layers.enumerated() {
      let prefix = parameters.layer(index + 1)
      if name.hasPrefix(prefix) { return parameters.layer(source) + name.dropFirst(prefix.count) }
    }
    return name
  }

  /// Returns the head that a parameter belongs to, or `nil` if it belongs to none.
  ///
  /// The result is whether its weights are new in any case, the names of its parameters, and a hint for errors about them.
  static func head(
    of name: String, _ parameters: EncoderParameters, _ selection: Selection
  ) -> (isFresh: Bool, names: [String], hint: String)? {
    if parameters.pooler.contains(name) {
      return (selection.pooler == .fresh, parameters.pooler, " (`pooler: fresh` starts a new one)")
    }
    if parameters.classifier.contains(name) {
      let hint = " (a head of another task? `classifier: regression` starts a new one)"
      return ([.fresh, .regression].contains(selection.classifier), parameters.classifier, hint)
    }
    return nil
  }
}
