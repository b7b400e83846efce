import ArgumentParser
import DistillCore
import DistillKnowledge
import DistillPipeline
import Foundation

struct KnowledgeList: PluginCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, jsonl
  }

  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Print entries: number, label, source and text.")

  @OptionGroup var run: KnowledgeRun
  @OptionGroup var choice: EntryChoice
  @Option(help: "text or jsonl.")
  var format = Format.text

  func run(_ registry: PluginRegistry) throws {
    let state = try run.open(registry).knowledgeLog().snapshot()
    for entry in try choice.entries(of: state) {
      switch format {
      case .jsonl: Console.output(try line(of: entry))
      case .text:
        let fields = [
          "\(entry.id)", entry.label ?? entry.score.map { "\($0)" } ?? "", entry.source ?? "", entry.text ?? "",
          entry.pair,
        ]
        Console.output(fields.compactMap { $0?.escapingControls() }.joined(separator: "\t"))
      }
    }
  }
}

struct KnowledgeStats: PluginCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", abstract: "Print how many entries there are, and of which labels.")

  @OptionGroup var run: KnowledgeRun

  func run(_ registry: PluginRegistry) throws {
    let finished = try run.open(registry)
    let state = try finished.knowledgeLog().snapshot()
    let known = try finished.knowledgeLog().softLabelNames()
    Console.output("entries\t\(state.entries.count)")
    Console.output("answered by the teacher\t\(state.softLabels.count)")
    Console.output("width of a key\t\(state.keys.columns)")
    Console.output("changes\t\(state.change)")
    for (label, count) in state.labels.sorted(by: { $0.key < $1.key }) {
      Console.output(
        "\(label.escapingControls())\t\(count)" + (known.contains(label) ? "" : "\tunknown to the student"))
    }
  }
}

struct KnowledgeExport: PluginCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write all entries to a file in JSON Lines.")

  @OptionGroup var run: KnowledgeRun
  @Argument(help: "The file to write.")
  var file: String

  func run(_ registry: PluginRegistry) throws {
    let state = try run.open(registry).knowledgeLog().snapshot()
    let text = try state.entries.map { try line(of: $0) + "\n" }.joined()
    try AtomicFile.write(Data(text.utf8), to: URL(filePath: file))
    Console.output("wrote \(state.entries.count) entries")
  }
}

struct KnowledgeLogCommand: PluginCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Print what was changed, and when.")

  @OptionGroup var run: KnowledgeRun

  func run(_ registry: PluginRegistry) throws {
    for change in try run.open(registry).knowledgeLog().history() {
      let fields = [
        "\(change.number)", change.time.formatted(.iso8601), change.action.rawValue, "\(change.count)",
        "\(change.size) in all",
        change.note,
      ]
      Console.output(fields.map { $0.escapingControls() }.joined(separator: "\t"))
    }
  }
}

/// Returns an entry as a line of JSON.
private func line(of entry: KnowledgeEntry) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(entry), as: UTF8.self)
}
