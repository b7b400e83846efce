import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct KnowledgeSuggest: PluginCommand {
  static let configuration = CommandConfiguration(
    commandName: "suggest", abstract: "Pick the texts that are most worth labelling.",
    discussion: """
      The first is the text that is most unlike everything known and most disputed. From then on it counts as known, so that no two alike \
      are picked. Output: a line each, with its worth, the present answer, and the text.
      """)

  @OptionGroup var run: KnowledgeRun
  @Argument(help: "File of texts, or - for standard input.")
  var file = "-"
  @Option(help: "The number of texts to pick.")
  var count = 10
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    if count < 1 { throw ValidationError("--count is \(count); ask for at least 1") }
  }

  func run(_ registry: PluginRegistry) throws {
    let finished = try run.open(registry)
    let texts = try finished.task.readUnlabelled(
      try Console.input(file), named: file == "-" ? "standard input" : URL(filePath: file).path)
    for suggestion in try threads.run({ try finished.suggest(texts.examples, count: count) }) {
      let fields = [
        String(format: "%.3f", locale: Locale(identifier: "en_US_POSIX"), suggestion.worth), suggestion.label ?? "",
        suggestion.example.text, suggestion.example.pair,
      ]
      Console.output(fields.compactMap { $0?.escapingControls() }.joined(separator: "\t"))
    }
  }
}
