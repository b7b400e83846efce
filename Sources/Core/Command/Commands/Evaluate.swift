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
  @Option(
    help:
      "Labelled file with the task's columns: CSV, TSV or JSON Lines, by its name. Default: the run's validation file.")
  var data: String?
  @Flag(help: "Leave the teacher out.")
  var noTeacher = false
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
  @Option(
    help: ArgumentHelp(
      "Write what the run answers to each text, too, like `predict`: CSV or JSON Lines.",
      valueName: "file.csv|file.jsonl"))
  var predictions: String?
  @Option(help: "float32, bfloat16 or int8, what linear layers calculate in. Default: as in the run.")
  var precision: Precision?
  @OptionGroup var log: LogOptions
  @OptionGroup var threads: ThreadOptions

  var style: ConsoleStyle { log.style }

  func validate() throws {
    if sweep && noRetrieval {
      throw ValidationError("--sweep tries the knowledge base, which --no-retrieval leaves out")
    }
    if sweep && page != nil { throw ValidationError("--sweep has no page") }
    if sweep && predictions != nil {
      throw ValidationError("--sweep tries many settings, and --predictions are of one")
    }
    if predictions != nil, lineFormat == nil { throw ValidationError("--predictions takes a name in .csv or .jsonl") }
  }

  func run(_ registry: PluginRegistry) throws {
    try Console.check(folder, isFolder: true)
    if let data { try Console.check(data, isFolder: false) }
    for file in [page, predictions].compactMap(\.self) { try AtomicFile.check(URL(filePath: file)) }
    if sweep { return try threads.run { try printSweep(registry) } }
    let display = ProgressDisplay()
    let run = try FinishedRun(
      URL(filePath: folder), registry: registry, retrieval: !noRetrieval, classifier: readout?.classifier ?? .chosen,
      precision: precision)
    let mixing = try mixing.map { try YAMLDocument($0, name: "--mixing").decode(Mixing.self).value }
    let data = data.map { URL(filePath: $0) }
    // A column that would be there twice is told before the work begins.
    if predictions != nil { try answers(of: run, to: data) { _, _, _ in } }
    let (report, lines) = try threads.run {
      var lines: [String] = []
      let report = try run.evaluate(data, mixing: mixing, hasTeacher: !noTeacher, observe: display.show)
      if predictions != nil {
        try answers(of: run, to: data) { line, examples, rows in
          if lines.isEmpty, let header = line.header { lines.append(header) }
          let answers = try run.predict(examples, mixing: mixing)
          lines += try zip(rows, answers).map { try line.text($0, $1) }
        }
      }
      return (report, lines)
    }
    if let predictions {
      try AtomicFile.write(Data(lines.map { $0 + "\n" }.joined().utf8), to: URL(filePath: predictions))
    }
    if let page { try AtomicFile.write(Data(report.html.utf8), to: URL(filePath: page)) }
    Console.output(format == .json ? try report.json() : report.text)
  }

  private var lineFormat: PredictionLine.Format? {
    switch predictions.flatMap({ RowLayout.Format(named: URL(filePath: $0)) }) {
    case .csv: .csv
    case .jsonl: .jsonl
    default: nil
    }
  }

  /// Calls `body` for each file that is evaluated, with its texts, its rows, and how their answers are written.
  ///
  /// - Throws: `ContractError` if a file has a column that would be added, or if CSV would have to hold files of different columns.
  private func answers(
    of run: FinishedRun, to data: URL?, _ body: (PredictionLine, [Example], [Row]) throws -> Void
  ) throws {
    let task = data.map(run.task.reading) ?? run.task
    var columns: [String]?
    for file in try run.labelledFiles(data) {
      var reader = try task.unlabelledRows(of: file, task.layout.format)
      var rows: [Row] = []
      try reader.forEach { rows.append($0) }
      let line = try PredictionLine(
        lineFormat ?? .jsonl, task: task, top: 1, neighbours: 3, scores: false, hasBase: run.augmentation != nil,
        columns: reader.header)
      if lineFormat == .csv, columns ?? reader.header != reader.header {
        throw ContractError("\(file.path) has other columns than the files before it; ask for .jsonl")
      }
      columns = reader.header
      try body(line, rows.map { task.example($0, nil) }, rows)
    }
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
