/// What is measured: one kind of work on one kind of texts.
struct Case: Codable, Sendable {
  enum Work: String, Codable, Sendable {
    /// Teacher forward, student forward and backward with soft labels and relational KL, AdamW.
    case reaugkd
    /// The same with the teacher's answers remembered: the rivals ask the teacher all the same, or are `cached` too.
    case reaugkdCached = "reaugkd-cached"
    /// Attention-KL and [CLS]-cosine on every layer of the student, soft labels, AdamW.
    case internalRepresentations = "internal"
    /// The teacher on its labels, forward and backward, AdamW.
    case fineTuning = "fine-tuning"
    /// The student's logits.
    case inference
    case tokenizer
  }

  enum Lengths: String, Codable, Sendable {
    /// The same of all.
    case fixed
    case mrpc
    case sst2
  }

  let name: String
  let work: Work
  let lengths: Lengths
  var batchSize = 32
  /// Tokens of each sequence where the length is fixed, and most tokens where it is not.
  var length = 128
  /// The teacher's layers that the student is made of.
  var studentLayers = [2, 4, 6]
  /// How many batches one turn of a side has.
  var stepsPerTurn = 3
  let rivals: [String]

  private static let training = ["eager", "eager-math", "eager-bf16", "compiled", "compiled-bf16"]
  // Attention maps are to be had from plain attention only.
  private static let withMaps = ["eager-math", "eager-math-bf16", "compiled-math"]
  private static let inference = ["eager", "eager-bf16", "compiled", "onnx", "onnx-int8"]

  static let all = [
    Case(name: "reaugkd-128", work: .reaugkd, lengths: .fixed, rivals: training),
    Case(name: "reaugkd-mrpc", work: .reaugkd, lengths: .mrpc, rivals: training),
    Case(name: "reaugkd-sst2", work: .reaugkd, lengths: .sst2, stepsPerTurn: 6, rivals: training),
    Case(
      name: "reaugkd-mrpc-cached", work: .reaugkdCached, lengths: .mrpc,
      rivals: training + ["eager-cached", "compiled-bf16-cached"]),
    Case(name: "internal-128", work: .internalRepresentations, lengths: .fixed, rivals: withMaps),
    Case(name: "fine-tuning-mrpc", work: .fineTuning, lengths: .mrpc, rivals: training),
    Case(name: "inference-mrpc-32", work: .inference, lengths: .mrpc, stepsPerTurn: 8, rivals: inference),
    Case(
      name: "inference-sentence", work: .inference, lengths: .sst2, batchSize: 1, stepsPerTurn: 1000, rivals: inference),
    Case(
      name: "tokenizer-mrpc", work: .tokenizer, lengths: .mrpc, batchSize: 0, stepsPerTurn: 2, rivals: ["tokenizers"]),
  ]
}
