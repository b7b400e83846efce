import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct Predict: PluginCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, jsonl
  }

  static let configuration = CommandConfiguration(
    abstract: "Answer texts with a run's student and its knowledge base.",
    discussion: """
      Input: one text a line, a TAB between the texts of a pair, or a file in the task's layout. Output: a line each: label and \
      its score, control characters of a label spelt out as \\t or \\u{1B}, and `unknown` if the text is unlike everything in the \
      knowledge base; or with --format jsonl {"label", "score", "neighbours", "novelty", "unknown"}, where a neighbour has its `id`, by \
      which `distill knowledge` knows it, its text, label, source and similarity. With --scores the line has the scores of all labels, \
      too: {"scores", "student", "retrieved"}.
      """)

  @Argument(help: ArgumentHelp("Folder of a finished run.", valueName: "run"))
  var folder: String
  @Argument(help: "File of texts, or - for standard input.")
  var file = "-"
  @Flag(help: "Leave the knowledge base out.")
  var noRetrieval = false
  @Option(
    help: ArgumentHelp(
      "What answers beside the knowledge base: the readout of this number, or `student`. Default: what was chosen last.",
      valueName: "number"))
  var readout: ReadoutChoice?
  @Option(help: "text or jsonl.")
  var format = Format.text
  @Option(help: "The number of neighbours that a line of JSON shows, at most K.")
  var neighbours = 3
  @Flag(help: "Show the scores of all labels in a line of JSON.")
  var scores = false
  @Option(help: "float32 or bfloat16, what linear layers calculate in. Default: as in the run.")
  var precision: Precision?
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    if neighbours < 0 { throw ValidationError("--neighbours is \(neighbours); ask for 0 or more") }
    if scores && format == .text { throw ValidationError("--scores needs --format jsonl") }
  }

  func run(_ registry: PluginRegistry) throws {
    try Console.check(folder, isFolder: true)
    let finished = try FinishedRun(
      URL(filePath: folder), registry: registry, retrieval: !noRetrieval,
      classifier: readout?.classifier ?? .chosen, precision: precision)
    let texts = try finished.task.readUnlabelled(
      try Console.input(file), named: file == "-" ? "standard input" : URL(filePath: file).path)
    let predictions = try threads.run { try finished.predict(texts.examples) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for prediction in predictions {
      switch format {
      case .jsonl:
        Console.output(
          String(decoding: try encoder.encode(prediction.shown(neighbours: neighbours, scores: scores)), as: UTF8.self))
      case .text:
        Console.output(
          "\((prediction.label ?? "score").escapingControls())\t\(prediction.score)"
            + (prediction.unknown == true ? "\tunknown" : ""))
      }
    }
  }
}
