import DistillCore
import Foundation
import TestSupport

/// A folder with a tiny random BERT as teacher, texts of three intents, sentence pairs with scores, and room for runs.
/// It is gone when the value is.
final class Workbench {
  static let labels = ["cancel", "refund", "track"]
  private static let keywords = [
    ["cancel", "stop", "end"], ["refund", "money", "back"], ["track", "where", "parcel"],
  ]
  private static let fillers =
    "please my the order now today can you i want it to a help box coffee tea is me for and hello when may so".split(
      separator: " "
    ).map(String.init)
  static let vocabulary =
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + keywords.joined() + fillers + ["##s", "##ed"]

  private let folder: TemporaryFolder
  var url: URL { folder.url }

  init() throws {
    folder = try TemporaryFolder()
    try writeBERT("teacher")
    try write(Self.intents(60, key: RandomKey(1)), to: "train.tsv")
    try write(Self.intents(24, key: RandomKey(2)), to: "validation.tsv")
    try write(Self.pairs(48, key: RandomKey(3)), to: "sts-train.tsv")
    try write(Self.pairs(24, key: RandomKey(4)), to: "sts-validation.tsv")
    try write(Self.pipeline, to: "pipeline.yaml")
  }

  func path(_ name: String) -> String { url.appending(path: name).path }
  func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: url.appending(path: name)) }
  func data(_ name: String) throws -> Data { try Data(contentsOf: url.appending(path: name)) }
  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  static let pipeline = """
    version: 1
    name: tiny
    task: {use: tsv, train: train.tsv, validation: validation.tsv, label: intent, max_length: 16}
    teacher:
      use: supervised-contrastive-head
      fit: {epochs: 1, batch_size: 20}
      base: {use: bert, checkpoint: teacher, fine_tune: {epochs: 4, batch_size: 8, learning_rate: 0.003}}
    student: {use: bert, from_teacher_layers: [2]}
    losses:
      - {use: soft-cross-entropy}
      - {use: relational-kl, weight: 0.5}
    knowledge_base: {retriever: {use: exact}, space: teacher, labels: soft, neighbours: 4, beta: 0.5, temperature: 0.1}
    training: {epochs: 3, batch_size: 8, learning_rate: 0.003}
    output: runs/tiny

    """

  /// Makes every weight of a folder a number that nothing can be done with, and leaves the header.
  func spoilWeights(_ name: String) throws {
    var bytes = try data("\(name)/model.safetensors")
    let header = 8 + bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    bytes.replaceSubrange(header..., with: repeatElement(0xFF, count: bytes.count - header))
    try bytes.write(to: url.appending(path: "\(name)/model.safetensors"))
  }

  /// Lines of a text with one keyword, and the intent that the keyword tells.
  static func intents(_ count: Int, key: RandomKey) -> String {
    let rows = (0..<count).map { row -> String in
      let key = key.child(row)
      var words = (0..<2 + key.integer(below: 5, 0)).map { fillers[key.integer(below: fillers.count, UInt64(10 + $0))] }
      words.insert(keywords[row % 3][key.integer(below: 3, 1)], at: key.integer(below: words.count, 2))
      return words.joined(separator: " ") + "\t" + labels[row % 3]
    }
    return (["text\tintent"] + rows).joined(separator: "\n") + "\n"
  }

  /// Lines of two texts and the share of words that they have in common, times five.
  static func pairs(_ count: Int, key: RandomKey) -> String {
    let rows = (0..<count).map { row -> String in
      let order = key.child(row).permutation(fillers.count)
      let shared = row % 6
      let one = order[0..<5]
      let other = Array(order[0..<shared]) + order[5..<10 - shared]
      func text(_ words: some Sequence<Int>) -> String { words.map { fillers[$0] }.joined(separator: " ") }
      return "\(text(one))\t\(text(other))\t\(shared)"
    }
    return (["sentence1\tsentence2\tscore"] + rows).joined(separator: "\n") + "\n"
  }

  /// A BERT of random weights in Hugging Face's layout, without a classifier.
  func writeBERT(
    _ name: String, layers: Int = 3, width: Int = 16, heads: Int = 2, vocabulary: [String] = Workbench.vocabulary,
    seed: UInt64 = 11
  ) throws {
    let folder = url.appending(path: name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try write(
      """
      {"model_type": "bert", "vocab_size": \(vocabulary.count), "hidden_size": \(width), "num_hidden_layers": \(layers),
       "num_attention_heads": \(heads), "intermediate_size": \(2 * width), "max_position_embeddings": 32,
       "type_vocab_size": 2, "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}
      """, to: "\(name)/config.json")
    try write(vocabulary.joined(separator: "\n") + "\n", to: "\(name)/vocab.txt")

    var writer = SafetensorsWriter()
    let key = RandomKey(seed)
    func add(_ name: String, _ shape: [Int]) {
      let isGain = name.hasSuffix("LayerNorm.weight")
      writer.add("bert." + name, shape: shape) {
        (0..<shape.reduce(1, *)).map { (isGain ? 1 : 0) + 0.15 * key.child(name).normal(UInt64($0)) }
      }
    }
    func dense(_ name: String, _ outputs: Int, _ inputs: Int) {
      add(name + ".weight", [outputs, inputs])
      add(name + ".bias", [outputs])
    }
    func norm(_ name: String) { for part in ["weight", "bias"] { add("\(name).LayerNorm.\(part)", [width]) } }
    add("embeddings.word_embeddings.weight", [vocabulary.count, width])
    add("embeddings.position_embeddings.weight", [32, width])
    add("embeddings.token_type_embeddings.weight", [2, width])
    norm("embeddings")
    for layer in 0..<layers {
      let prefix = "encoder.layer.\(layer)."
      for part in ["query", "key", "value"] { dense(prefix + "attention.self.\(part)", width, width) }
      dense(prefix + "attention.output.dense", width, width)
      norm(prefix + "attention.output")
      dense(prefix + "intermediate.dense", 2 * width, width)
      dense(prefix + "output.dense", width, 2 * width)
      norm(prefix + "output")
    }
    dense("pooler.dense", width, width)
    try writer.write(to: folder.appending(path: "model.safetensors"))
  }
}
