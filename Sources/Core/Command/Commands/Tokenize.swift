import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct Tokenize: PluginCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the token ids of texts: a line each, blanks between the ids.",
    discussion: "Input: one text a line; a TAB separates the texts of a pair.")

  @Argument(help: "Folder with config.json and vocab.txt or tokenizer.json.")
  var model: String
  @Argument(help: "File of texts, or - for standard input.")
  var file = "-"
  @Option(help: "Most ids of a line, special tokens included.")
  var maxLength: Int?

  func validate() throws {
    if let maxLength, maxLength < 1 { throw ValidationError("--max-length must be 1 or more") }
  }

  func run(_ registry: PluginRegistry) throws {
    try Console.check(model, isFolder: true)
    let tokenizer = try ModelFolder.tokenizer(URL(filePath: model), registry: registry).tokenizer
    let lines = try examples(inLinesOf: file).map { example in
      let ids = tokenizer.encode(example.text, pair: example.pair, maxLength: maxLength).ids
      return ids.map(String.init).joined(separator: " ")
    }
    Console.output(lines.joined(separator: "\n"))
  }
}
