import DistillCore
import Foundation

/// The texts of a pipeline, read and not yet encoded.
package struct TaskTexts: Sendable {
  package let task: TaskDefinition
  package let training: [Example]
  /// Places of the training examples in the training file.
  package let trainingRows: [Int]
  /// Examples of the training file that nothing is trained on.
  package let heldOut: [Example]
  package let validation: [Example]?
  /// The task and the texts, as far as results depend on them.
  package let provenance: Provenance
}

extension TaskOptions {
  /// The task. Labels that are not given are those of the training file.
  /// - Throws: `TaskDefinitionError`, `TextFileError`.
  package func definition() throws -> TaskDefinition { try outline().collectingLabels(from: train.url) }

  /// The task, without labels where those of the training file are to be collected.
  func outline() throws -> TaskDefinition {
    if let known = TaskDefinition.named(use) { return known }
    guard let format = RowLayout.Format(rawValue: use) else { throw ContractError("unknown task \(use)") }
    let layout = RowLayout(format, text: text ?? "text", pair: pair, target: score ?? label ?? "label")
    return try TaskDefinition.generic(layout, labels: score == nil ? labels ?? [] : nil)
  }

  /// Reads all files and sets the held-out examples apart: a share of the training file, chosen by the seed.
  package func texts(seed: Int) throws -> TaskTexts {
    let task = try definition()
    let all = try task.read(train.url).examples
    let order = RandomKey(UInt64(seed)).child("hold-out").permutation(all.count)
    let heldOut = Set(order.prefix(heldOutCount(among: all.count)))
    let rows = all.indices.filter { !heldOut.contains($0) }
    let validation = try validation.map { try task.read($0.url).examples }
    let (training, rest) = (rows.map { all[$0] }, heldOut.sorted().map { all[$0] })
    return TaskTexts(
      task: task, training: training, trainingRows: rows, heldOut: rest, validation: validation,
      provenance: Provenance([
        "task.kind": "\(task.kind)", "task.max_length": "\(maximumLength)", "texts.training": Self.digest(of: training),
        "texts.hold_out": Self.digest(of: rest), "texts.validation": Self.digest(of: validation ?? []),
      ]))
  }

  /// How many of the training file's examples nothing is trained on.
  func heldOutCount(among examples: Int) -> Int {
    holdOut > 0 ? max(1, Int((Float(examples) * holdOut).rounded())) : 0
  }

  private static func digest(of examples: [Example]) -> String {
    var checksum = Checksum()
    for example in examples {
      for part in [example.text, example.pair ?? "", "\(example.target as Target?)"] {
        checksum.update("\(part.utf8.count) \(part)".utf8)
      }
    }
    return checksum.hexDigest
  }
}

extension EncodedDataset {
  /// Texts as ids.
  public init(_ examples: [Example], with tokenizer: any Tokenizer, maximumLength: Int) {
    let dataset = Dataset(examples)
    self.init(
      sequences: dataset.encoded(with: tokenizer, maxLength: maximumLength), targets: dataset.targets)
  }
}
