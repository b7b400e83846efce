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
      knowledge base; or with --format jsonl {"label", "scores", "student", "retrieved", "neighbours", "novelty", "unknown"}, where a neighbour has \
      its `id`, by which `distill knowledge` knows it, its text, label and source.
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
  @Option(help: "float32 or bfloat16, what linear layers calculate in. Default: as in the run.")
  var precision: Precision?
  @OptionGroup var threads: ThreadOptions

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
      case .jsonl: Console.output(String(decoding: try encoder.encode(prediction), as: UTF8.self))
      case .text:
        let label = prediction.label ?? "score"
        Console.output(
          "\(label.escapingControls())\t\(prediction.scores[label] ?? 0)"
            + (prediction.unknown == true ? "\tunknown" : ""))
      }
    }
  }
}
