import DistillCore

/// What each label counts in the losses on labels.
package enum ClassWeights: OptionValue, Sendable {
  /// In inverse proportion to the number of its training texts.
  case balanced
  /// As written, and 1 for a label that is not.
  case each([(label: String, weight: Float)])

  package static var shape: OptionShape { .either([.choice(["balanced"]), .numbers]) }

  package var yaml: YAMLValue {
    switch self {
    case .balanced: .text("balanced")
    case .each(let weights): .mapping(weights.map { YAMLValue.Entry($0.label, $0.weight.yaml) })
    }
  }

  package init(_ node: Node, _ context: OptionContext) throws(Diagnostics) {
    if let scalar = node.scalar {
      guard scalar.text == "balanced" else { throw node.mismatch(Self.shape) }
      self = .balanced
      return
    }
    guard let entries = node.entries, !entries.isEmpty else { throw node.mismatch(Self.shape) }
    var weights: [(label: String, weight: Float)] = []
    for entry in entries {
      let weight = try Float(entry.value, context)
      guard weight >= 0 else { throw Diagnostics(Diagnostic("a weight is not negative", at: entry.value.range)) }
      weights.append((entry.key, weight))
    }
    self = .each(weights)
  }

  /// The labels that are written.
  var labels: [String] { if case .each(let weights) = self { weights.map(\.label) } else { [] } }

  /// Returns what each label counts, so that the mean over the training texts is 1.
  ///
  /// `balanced` is M / (C · Mⱼ) for label j with Mⱼ of M texts, where C labels have any (as in King and Zeng 2001 and scikit-learn).
  ///
  /// - Parameters:
  ///   - names: The labels in the order of their indices.
  ///   - spellings: The labels as they are written in the files, in the same order.
  ///   - labels: The label of each training text.
  /// - Throws: `ContractError` if no training text counts.
  func weights(_ names: [String], spellings: [String], of labels: [Int]) throws -> [Float] {
    var counts = [Float](repeating: 0, count: names.count)
    for label in labels { counts[label] += 1 }
    var weights = [Float](repeating: 1, count: names.count)
    switch self {
    case .balanced: weights = counts.map { $0 > 0 ? 1 / $0 : 0 }
    case .each(let written):
      for (label, weight) in written {
        for index in names.indices where names[index] == label || spellings[index] == label { weights[index] = weight }
      }
    }
    let total = zip(weights, counts).reduce(0) { $0 + $1.0 * $1.1 }
    guard total > 0 else { throw ContractError("with these class weights no training text counts") }
    return weights.map { $0 * Float(labels.count) / total }
  }
}
