import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct Initialise: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a first pipeline file, with a comment on every key.",
    discussion: """
      For a file of your own, for a task of GLUE by name, or for files that are not there yet:

        distill init texts.csv --validation dev.csv --output texts.yaml
        distill init mrpc --output mrpc.yaml
        distill init tsv                      text and label columns, split at TABs
        distill init jsonl                    an object a line

      A file is read to its end: `distill data FILE` shows what is found in it. Paths in the pipeline are relative to --output. \
      Then ask `distill validate` whether it fits together.
      """)

  @Argument(
    help: ArgumentHelp(
      "A file of labelled texts, or \(TaskOptions.names.joined(separator: ", ")).", valueName: "file-or-task"),
    completion: .list(TaskOptions.names))
  var task = "tsv"
  @Option(help: "The file to write; one that exists is left alone. Default: standard output.", completion: .file())
  var output: String?
  @Option(help: "Another file of labelled texts, for the report.", completion: .file())
  var validation: String?
  @OptionGroup var columns: ColumnOptions
  @Option(
    help: ArgumentHelp(
      "Folder of the encoder that the teacher begins as. Default: \(TokenCounter.usual).", valueName: "folder"))
  var model: String?

  private var isFile: Bool { !TaskOptions.names.contains(task) }

  func validate() throws {
    if isFile {
      guard !FileManager.default.fileExists(atPath: task), !task.contains(where: "./".contains) else { return }
      let near = nearestNames(to: task, among: TaskOptions.names).first
      let hint = near.map { "did you mean \($0)?" } ?? TaskOptions.names.joined(separator: ", ")
      throw ValidationError("no file and no task is called \(task); \(hint)")
    }
    if validation != nil || model != nil || !columns.isEmpty {
      throw ValidationError("columns, --validation and --model go with a file; \(task) is the name of a task")
    }
  }

  func run(_ starter: ((StarterTask) -> String)?, _ registry: PluginRegistry) throws {
    guard let starter else {
      throw ContractError(
        "this program comes without a first pipeline; `plugins describe NAME` shows a line for each plugin")
    }
    if let output, FileManager.default.fileExists(atPath: output) {
      throw InputError("\(output) exists, and is left as it is; give another name")
    }
    let text = starter(try isFile ? ownTask(registry) : StarterTask(named: task))
    guard let output else { return Console.output(String(text.dropLast())) }
    try AtomicFile.write(Data(text.utf8), to: URL(filePath: output))
    Console.log("\(output) is written; next: distill validate \(output)")
  }

  private func ownTask(_ registry: PluginRegistry) throws -> StarterTask {
    for file in [task, validation].compactMap(\.self) { try Console.check(file, isFolder: false) }
    let counter = try TokenCounter(model, registry: registry)
    var inspection = DataInspection(length: counter.length)
    try inspection.add(TextSource(URL(filePath: task)), columns.given)
    let file = inspection.files[0]
    guard let answer = file.roles.answer else {
      let columns = file.sample.columns.map(\.name).joined(separator: ", ")
      throw InputError(
        "\(task): no column looks like labels or scores; say which one is by --label or --score"
          + (columns.isEmpty ? "" : ": \(columns)"))
    }
    if case .label(let column) = answer, file.labels.count < 2 {
      throw InputError("\(task): every row has the same \(column); a classification needs two labels or more")
    }
    if let validation { try add(validation, to: &inspection) }
    let folder = URL(filePath: output ?? "pipeline.yaml").standardizedFileURL.deletingLastPathComponent()
    let tokens = counter.folder != nil
    guard let task = SuggestedTask(inspection, from: folder, limit: counter.limit, tokens: tokens) else {
      throw InputError("\(task): no task can be made of it")
    }
    let card = try? counter.folder.map { try ModelFolder.card(URL(filePath: $0), registry: registry) }
    return StarterTask(task, file, counter, layers: card?.layers, folder: folder)
  }

  /// Adds the validation file, which has to be like the training file.
  private func add(_ validation: String, to inspection: inout DataInspection) throws {
    try inspection.add(TextSource(URL(filePath: validation)), like: inspection.files[0])
    guard inspection.files[1].layout == inspection.files[0].layout else {
      throw InputError("\(validation) has another format than \(task); a pipeline reads both in the same one")
    }
    let new = inspection.newLabels(in: 1)
    if !new.isEmpty {
      throw InputError("\(validation) has labels that \(task) does not have: \(new.prefix(5).joined(separator: ", "))")
    }
  }
}
