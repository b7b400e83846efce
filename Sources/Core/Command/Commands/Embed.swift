import ArgumentParser
import DistillCore
import DistillPipeline
import DistillTraining
import Foundation

struct Embed: PluginCommand, StyledCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write an encoder's activations of texts to a safetensors file.",
    discussion: """
      Tensors: `logits` [B, C], `embedding` [B, D], `hidden.L` [N, H], `class-token.L` [B, H], `attention.L` (flat: per sequence \
      A·T·T probabilities), `values.L` [N, H], what else the encoder offers (BERT: `queries.L`, `keys.L`, both [N, H]), and \
      `offsets` [B + 1] (I64): sequence b owns tokens offsets[b] ..< offsets[b + 1]. \
      `embedding` is what the folder is made for: the mean of the states for sentence encoders, or the pooler's; \
      --set readout=mean, readout=cls or readout=pooler takes another.
      """)

  @Argument(help: "Model folder in Hugging Face's layout.")
  var model: String
  @Argument(help: "File with one text a line, a TAB between the texts of a pair, or - for standard input.")
  var file = "-"
  @Option(
    name: .customLong("activation"), parsing: .upToNextOption,
    help: ArgumentHelp(
      "logits, embedding, hidden:L, class-token:L, attention:L, values:L, or another that the encoder offers; several may be "
        + "given.",
      valueName: "activation"))
  var activations = ["embedding"]
  @Option(help: "The file to write.")
  var output: String
  @Option(help: "Most tokens of a sequence.")
  var maxLength: Int?
  @Option(help: "float32, bfloat16 or int8, what linear layers calculate in.")
  var precision = Precision.float32
  @OptionGroup var overrides: OverrideOptions
  @OptionGroup var log: LogOptions
  @OptionGroup var threads: ThreadOptions

  var style: ConsoleStyle { log.style }

  func validate() throws {
    if let maxLength, maxLength < 1 { throw ValidationError("--max-length must be 1 or more") }
  }

  func run(_ registry: PluginRegistry) throws {
    try precision.check()
    try Console.check(model, isFolder: true)
    try AtomicFile.check(URL(filePath: output))
    let encoder = try ModelFolder.encoder(
      URL(filePath: model), settings: try overrides.pairs(), registry: registry)
    let offered = encoder.card.activations
    let wanted = Set(
      try activations.map { text in
        if let activation = Activation(text, among: offered) { return activation }
        let names = offered.map { $0.firstLayer == nil ? $0.name : "\($0.name):L" }.joined(separator: ", ")
        throw InputError("--activation \(text) is none of \(names)")
      })
    if let untrained = encoder.untrained.intersection(wanted).first {
      throw ContractError(
        "\(untrained) rests on weights that \(model) does not have"
          + (untrained == .embedding ? "; --set readout=cls or readout=mean needs none of them" : ""))
    }
    let limit = min(maxLength ?? encoder.card.maximumLength, encoder.card.maximumLength)
    let data = EncodedDataset(try examples(inLinesOf: file), with: encoder.tokenizer, maximumLength: limit)
    let display = ProgressDisplay()
    let response = try threads.run {
      try Compute.$precision.withValue(precision) {
        try answers(of: encoder, to: data, with: wanted) {
          display.show(.progress(what: "embed", done: $0, total: data.count))
        }
      }
    }
    var writer = SafetensorsWriter()
    let offsets = data.sequences.reduce(into: [Int64(0)]) { $0.append(($0.last ?? 0) + Int64($1.ids.count)) }
    writer.add("offsets", shape: [offsets.count], integers: { offsets })
    for activation in wanted.sorted(by: { $0.description < $1.description }) {
      let tensor = try response[activation]
      let name = activation.description.replacing(":", with: ".")
      writer.add(name, shape: tensor.shape.array, floats: { tensor.values })
    }
    try writer.write(to: URL(filePath: output))
  }
}
