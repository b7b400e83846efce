import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct Predict: PluginCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answer texts with a run's student and its knowledge base.",
    discussion: """
      Input: a file with named columns (CSV, TSV or JSON Lines, by its name or --input), or one text a line with a TAB between the texts \
      of a pair. Lines of standard input are answered as they come, so that a program can talk to this one; on a terminal there is a prompt.

      Output: a line each. `text` has the label and its score, control characters of a label spelt out as \\t or \\u{1B}, and `unknown` \
      if the text is unlike everything in the knowledge base. `csv` has the columns of the input, `predicted`, `probability` (of the first \
      label; not for scores), and `novelty` and `unknown` where there is a knowledge base. `jsonl` has {"label", "score", "neighbours", \
      "novelty", "unknown"}, where a neighbour has its `id`, by which `distill knowledge` knows it, its text, label, source and \
      similarity; with --top also {"top": [{"label", "score"}]}, with --scores {"scores", "student", "retrieved"}, and {"row"} is the row \
      of a file with named columns.
      """)

  @Argument(help: ArgumentHelp("Folder of a finished run.", valueName: "run"))
  var folder: String
  @Argument(help: "File of texts, or - for standard input.")
  var file = "-"
  @Option(help: "csv, tsv or jsonl, what the input is. Default: what the file's name says, otherwise as in training.")
  var input: RowLayout.Format?
  @Option(help: ArgumentHelp("The column of the text, if it is not called as in training.", valueName: "column"))
  var text: String?
  @Option(help: ArgumentHelp("The column of a pair's second text, likewise.", valueName: "column"))
  var pair: String?
  @Flag(help: "Leave the knowledge base out.")
  var noRetrieval = false
  @Option(
    help: ArgumentHelp(
      "What answers beside the knowledge base: the readout of this number, or `student`. Default: what was chosen last.",
      valueName: "number"))
  var readout: ReadoutChoice?
  @Option(help: "text, csv or jsonl.")
  var format = PredictionLine.Format.text
  @Option(help: ArgumentHelp("The number of labels that are shown, best first.", valueName: "count"))
  var top = 1
  @Option(help: "The number of neighbours that a line of JSON shows, at most K.")
  var neighbours = 3
  @Flag(help: "Show the scores of all labels in a line of JSON.")
  var scores = false
  @Option(help: "float32, bfloat16 or int8, what linear layers calculate in. Default: as in the run.")
  var precision: Precision?
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    if neighbours < 0 { throw ValidationError("--neighbours is \(neighbours); ask for 0 or more") }
    if top < 1 { throw ValidationError("--top is \(top); ask for 1 or more") }
    if scores && format != .jsonl { throw ValidationError("--scores needs --format jsonl") }
  }

  func run(_ registry: PluginRegistry) throws {
    try Console.check(folder, isFolder: true)
    let finished = try FinishedRun(
      URL(filePath: folder), registry: registry, retrieval: !noRetrieval,
      classifier: readout?.classifier ?? .chosen, precision: precision)
    let task = try finished.task.naming(text: text, pair: pair)
    var reader = try rows(task)
    let line = try PredictionLine(
      format, task: task, top: top, neighbours: neighbours, scores: scores,
      hasBase: finished.augmentation != nil, columns: reader.header)
    if let header = line.header { Console.output(header) }
    while try answer(&reader, task, finished, line) {}
  }

  private var isPrompting: Bool { file == "-" && isatty(0) != 0 && Console.isTerminal }

  private func rows(_ task: TaskDefinition) throws -> RowReader {
    if file == "-" {
      if isPrompting {
        Console.error(
          "Type a text\(task.hasPairs ? ", a TAB and its pair" : "") and press Enter; Ctrl-D ends.")
        Console.draw("> ")
      }
      return try task.unlabelledRowsOfInput(input)
    }
    try Console.check(file, isFolder: false)
    let url = URL(filePath: file)
    if (try? url.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true {
      // A file is checked to its end before the first answer.
      var all = try task.unlabelledRows(of: url, input)
      try all.forEach { _ in }
    }
    return try task.unlabelledRows(of: url, input)
  }

  /// Answers the rows that there are without waiting for further ones, but at least one.
  ///
  /// - Returns: Whether there may be more.
  private func answer(
    _ reader: inout RowReader, _ task: TaskDefinition, _ finished: FinishedRun, _ line: PredictionLine
  ) throws -> Bool {
    var (rows, isAtEnd): ([Row], Bool) = ([], false)
    var failure: TextFileError?
    do {
      repeat {
        if let row = try reader.next() { rows.append(row) } else { isAtEnd = true }
      } while !isAtEnd && rows.count < 256 && reader.isReady
    } catch let error as TextFileError { failure = error }
    let predictions = rows.isEmpty ? [] : try threads.run { try finished.predict(rows.map { task.example($0, nil) }) }
    for (row, prediction) in zip(rows, predictions) { Console.output(try line.text(row, prediction)) }
    if let failure {
      guard isPrompting else { throw failure }
      Console.error("\(failure)")
    }
    if isPrompting { Console.draw(isAtEnd ? "\n" : "> ") }
    return !isAtEnd
  }
}
