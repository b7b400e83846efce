import DistillCore
import Foundation

/// The texts of a pipeline, before they are encoded.
package struct TaskTexts: Sendable {
  package let task: TaskDefinition
  package let training: [Example]
  /// The positions of the training examples in the training file, counted from 0.
  package let trainingRows: [Int]
  /// The examples of the training file that are not used for training.
  package let heldOut: [Example]
  package let validation: [Example]?
  /// The task and the texts, as far as results depend on them.
  package let provenance: Provenance
}

extension TaskOptions {
  /// Returns the task. If the options do not list the labels, they are collected from the training file.
  ///
  /// - Throws: `TaskDefinitionError` or `TextFileError`.
  package func definition() throws -> TaskDefinition { try outline().collectingLabels(from: train.url) }

  /// Returns the task without reading any file. If its labels have to be collected from the training file, they are still
  /// missing.
  func outline() throws -> TaskDefinition {
    if let known = TaskDefinition.named(use) { return known }
    guard let format = RowLayout.Format(rawValue: use) else { throw ContractError("unknown task \(use)") }
    let layout = RowLayout(format, text: text ?? "text", pair: pair, target: score ?? label ?? "label")
    return try TaskDefinition.generic(layout, labels: score == nil ? labels ?? [] : nil)
  }

  /// Reads all files and holds out a share of the training examples, which the seed chooses.
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

  /// Returns the number of examples in the training file that are held out.
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
  /// Encodes examples with a tokenizer.
  ///
  /// - Parameters:
  ///   - examples: The texts and their targets.
  ///   - tokenizer: The tokenizer.
  ///   - maximumLength: The largest number of tokens in a sequence. Longer texts are truncated.
  public init(_ examples: [Example], with tokenizer: any Tokenizer, maximumLength: Int) {
    self.init(
      sequences: Dataset(examples).encoded(with: tokenizer, maxLength: maximumLength), targets: examples.map(\.target))
  }
}
