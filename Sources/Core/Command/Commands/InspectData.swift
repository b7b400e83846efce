import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct InspectData: PluginCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Say what is in files of texts, before a pipeline is written for them.",
    discussion: """
      CSV, TSV, JSON Lines (a dot leads into members: messages.0.content), or a text in each line; gzip is decompressed. It says which \
      columns are probably the text and the label, how many rows and classes there are, how long texts are and how many would be cut, \
      which texts occur twice or with different labels, and which are in several of the files. The last line is the task of a pipeline.
      """)

  @Argument(help: "Files of texts, or - for standard input.")
  var files: [String]
  @OptionGroup var columns: ColumnOptions
  @Option(
    help: ArgumentHelp(
      "Folder of a model whose tokenizer counts. Default: \(TokenCounter.usual), if it is there.", valueName: "folder"))
  var model: String?
  @Option(help: "The number of tokens beyond which a text is cut.")
  var maxLength = 128
  @Option(help: "text or json.")
  var format = OutputFormat.text

  func validate() throws {
    if maxLength < 4 { throw ValidationError("--max-length must be 4 or more") }
    if files.count(where: { $0 == "-" }) > 1 { throw ValidationError("standard input can be read only once") }
  }

  func run(_ registry: PluginRegistry) throws {
    for file in files where file != "-" { try Console.check(file, isFolder: false) }
    let counter = try TokenCounter(model, registry: registry)
    var inspection = DataInspection(length: counter.length)
    for file in files {
      try inspection.add(file == "-" ? .standardInput() : TextSource(URL(filePath: file), named: file), columns.given)
    }
    let report = DataReport(inspection, tokenizer: counter.folder, maximumLength: maxLength)
    Console.output(format == .json ? try report.json() : report.text)
  }
}

/// The options that name the columns of a file, in the place of guesses.
struct ColumnOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The column of the text. Default: what looks like it, here and below.", valueName: "column"))
  var text: String?
  @Option(help: ArgumentHelp("The column of a pair's second text.", valueName: "column"))
  var pair: String?
  @Option(help: ArgumentHelp("The column of the label.", valueName: "column"))
  var label: String?
  @Option(help: ArgumentHelp("The column of a score, a number.", valueName: "column"))
  var score: String?

  func validate() throws {
    if label != nil && score != nil { throw ValidationError("--label or --score: a task has one of them") }
    let names = [text, pair, label, score].compactMap(\.self)
    if Set(names).count < names.count { throw ValidationError("text, pair and label (or score) are different columns") }
  }

  var given: (text: String?, pair: String?, label: String?, score: String?) { (text, pair, label, score) }
  var isEmpty: Bool { [text, pair, label, score].allSatisfy { $0 == nil } }
}

/// What measures texts: the tokenizer of a model, or words if there is none.
struct TokenCounter {
  static let usual = "models/all-MiniLM-L6-v2"

  /// The folder of the model, or `nil` if words are counted.
  let folder: String?
  /// The largest number of tokens that the model reads.
  let limit: Int
  let length: (_ text: String, _ pair: String?) -> Int

  /// - Throws: The errors of reading the folder's files. The usual model need not be there.
  init(_ model: String?, registry: PluginRegistry) throws {
    if let model { try Console.check(model, isFolder: true) }
    guard let folder = model ?? (FileManager.default.fileExists(atPath: Self.usual + "/config.json") ? Self.usual : nil)
    else {
      (self.folder, limit) = (nil, 512)
      length = { text, pair in [text, pair ?? ""].reduce(0) { $0 + $1.split(whereSeparator: \.isWhitespace).count } }
      return
    }
    let (tokenizer, limit) = try ModelFolder.tokenizer(URL(filePath: folder), registry: registry)
    (self.folder, self.limit) = (folder, limit)
    length = { tokenizer.encode($0, pair: $1, maxLength: nil).ids.count }
  }
}
