import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct Initialise: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a first pipeline file, with a comment on every key.",
    discussion: """
      For a task of GLUE by name, or for files of your own:

        distill init mrpc --output mrpc.yaml
        distill init tsv                      text and label columns, split at TABs
        distill init jsonl                    an object a line

      Then put your paths in and ask `distill validate` whether it fits together.
      """)

  @Argument(
    help: ArgumentHelp("\(TaskOptions.names.joined(separator: ", ")).", valueName: "task"),
    completion: .list(TaskOptions.names))
  var task = "tsv"
  @Option(help: "The file to write; one that exists is left alone. Default: standard output.", completion: .file())
  var output: String?

  func validate() throws {
    guard !TaskOptions.names.contains(task) else { return }
    let near = nearestNames(to: task, among: TaskOptions.names).first
    throw ValidationError(
      "no task is called \(task); " + (near.map { "did you mean \($0)?" } ?? TaskOptions.names.joined(separator: ", ")))
  }

  func run(_ starter: ((_ task: String) -> String)?) throws {
    guard let text = starter?(task) else {
      throw ContractError(
        "this program comes without a first pipeline; `plugins describe NAME` shows a line for each plugin")
    }
    guard let output else { return Console.output(String(text.dropLast())) }
    if FileManager.default.fileExists(atPath: output) {
      throw ValidationError("\(output) exists, and is left as it is; give another name")
    }
    try AtomicFile.write(Data(text.utf8), to: URL(filePath: output))
    Console.log("\(output) is written; next: distill validate \(output)")
  }
}
