import ArgumentParser
import DistillCore
import DistillPipeline
import DistillYAML
import Foundation

struct Evaluate: PluginCommand, StyledCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score a run's teacher, its student, and the student with its knowledge base.")

  @Argument(help: ArgumentHelp("Folder of a finished run.", valueName: "run"))
  var folder: String
  @Option(help: "Labelled file in the task's layout. Default: the run's validation file.")
  var data: String?
  @Flag(help: "Leave the knowledge base out.")
  var noRetrieval = false
  @Option(
    help: ArgumentHelp(
      "What answers beside the knowledge base: the readout of this number, or `student`. Default: what was chosen last.",
      valueName: "number"))
  var readout: ReadoutChoice?
  @Flag(help: "Score many values of K, β and τ instead; for looking, not for choosing what is then reported.")
  var sweep = false
  @Option(
    help: ArgumentHelp(
      "Other settings of the knowledge base, such as '{neighbours: 8, beta: 0.5, adaptive: false}'.",
      valueName: "settings"))
  var mixing: String?
  @Option(help: "text or json.")
  var format = OutputFormat.text
  @Option(help: ArgumentHelp("Write the report as a page, too, such as that of the run.", valueName: "file.html"))
  var page: String?
  @Option(help: "float32 or bfloat16, what linear layers calculate in. Default: as in the run.")
  var precision: Precision?
  @OptionGroup var log: LogOptions
  @OptionGroup var threads: ThreadOptions

  var style: ConsoleStyle { log.style }

  func validate() throws {
    if sweep && noRetrieval {
      throw ValidationError("--sweep tries the knowledge base, which --no-retrieval leaves out")
    }
    if sweep && page != nil { throw ValidationError("--sweep has no page") }
  }

  func run(_ registry: PluginRegistry) throws {
    try Console.check(folder, isFolder: true)
    if let data { try Console.check(data, isFolder: false) }
    if let page { try AtomicFile.check(URL(filePath: page)) }
    if sweep { return try threads.run { try printSweep(registry) } }
    let display = ProgressDisplay()
    let report = try threads.run {
      try FinishedRun(
        URL(filePath: folder), registry: registry, retrieval: !noRetrieval,
        classifier: readout?.classifier ?? .chosen, precision: precision
      )
      .evaluate(
        data.map { URL(filePath: $0) },
        mixing: mixing.map { try YAMLDocument($0, name: "--mixing").decode(Mixing.self).value }, observe: display.show)
    }
    if let page { try AtomicFile.write(Data(report.html.utf8), to: URL(filePath: page)) }
    Console.output(format == .json ? try report.json() : report.text)
  }

  private func printSweep(_ registry: PluginRegistry) throws {
    let trials = try FinishedRun(URL(filePath: folder), registry: registry, precision: precision)
      .sweep(MixingGrid(), over: data.map { URL(filePath: $0) })
    if format == .json {
      return Console.output(String(decoding: try JSONEncoder().encode(trials), as: UTF8.self))
    }
    Console.output((["K", "β", "τ"] + (trials.first?.scores.map(\.metric) ?? []) + ["loss"]).joined(separator: "\t"))
    for trial in trials {
      let mixing = trial.mixing
      let scores = (trial.scores.map(\.value) + [trial.loss]).map {
        String(format: "%.4f", locale: Locale(identifier: "en_US_POSIX"), $0)
      }
      let values = ["\(mixing.neighbours)", "\(mixing.beta)", "\(mixing.temperature)"] + scores
      Console.output(values.joined(separator: "\t"))
    }
  }
}
