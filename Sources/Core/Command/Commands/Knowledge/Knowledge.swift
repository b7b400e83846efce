import ArgumentParser
import DistillCore
import DistillKnowledge
import DistillPipeline
import Foundation

struct Knowledge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look into a run's knowledge base, and change it without training.",
    discussion: """
      What is added or removed here counts from the next prediction on. Labels may be new: the student has never \
      heard of them, and the knowledge base answers with them.

        distill knowledge add RUN more.tsv
        distill knowledge list RUN --label refund_status
        distill knowledge remove RUN --id 17
        distill knowledge log RUN
        distill knowledge revert RUN 1
        distill knowledge suggest RUN texts.txt
        distill knowledge refit RUN

      Each change is one step of a history. Whoever predicts meanwhile sees the state before it or the one after it.
      """,
    subcommands: [
      KnowledgeAdd.self, KnowledgeRemove.self, KnowledgeRelabel.self, KnowledgeList.self, KnowledgeStats.self,
      KnowledgeExport.self, KnowledgeLogCommand.self, KnowledgeRevert.self, KnowledgeCompact.self,
      KnowledgeSuggest.self, KnowledgeRefit.self, KnowledgeReadout.self,
    ])
}

/// The argument that all of these commands share.
struct KnowledgeRun: ParsableArguments {
  @Argument(help: ArgumentHelp("Folder of a finished run.", valueName: "run"))
  var folder: String

  func open(_ registry: PluginRegistry) throws -> FinishedRun {
    try Console.check(folder, isFolder: true)
    return try FinishedRun(URL(filePath: folder), registry: registry)
  }
}

/// The options that choose entries. An entry is chosen if it fits all of those that are given.
struct EntryChoice: ParsableArguments {
  @Option(name: .customLong("id"), parsing: .singleValue, help: "The entry of this number; may be given again.")
  var ids: [Int] = []
  @Option(help: "Entries of this label.")
  var label: String?
  @Option(help: "Entries from this file, or from one line of it, such as more.tsv:12.")
  var source: String?
  @Option(help: "Entries whose text contains this.")
  var text: String?

  var isEmpty: Bool { ids.isEmpty && label == nil && source == nil && text == nil }

  /// Returns the chosen entries.
  ///
  /// - Throws: `InputError` if there is no entry of a number.
  func entries(of state: KnowledgeState) throws -> [KnowledgeEntry] {
    let known = Set(state.entries.map(\.id))
    if let wrong = ids.first(where: { !known.contains($0) }) { throw InputError("there is no entry \(wrong)") }
    return state.entries.filter { entry in
      (ids.isEmpty || ids.contains(entry.id)) && (label == nil || entry.label == label)
        && (source == nil || entry.source == source || entry.source?.hasPrefix((source ?? "") + ":") == true)
        && (text.map { entry.text?.contains($0) == true || entry.pair?.contains($0) == true } ?? true)
    }
  }

  /// Returns the chosen entries of a log, at least one.
  ///
  /// - Throws: `ValidationError` if nothing was chosen, and `InputError` if no entry fits.
  func someEntries(of log: KnowledgeLog) throws -> [KnowledgeEntry] {
    if isEmpty { throw ValidationError("say which entries: --id, --label, --source or --text") }
    let chosen = try entries(of: log.snapshot())
    if chosen.isEmpty { throw InputError("no entry fits: \(note)") }
    return chosen
  }

  /// The choice in words, for the history.
  var note: String {
    [
      ids.isEmpty ? nil : "id " + ids.map(String.init).joined(separator: ", "), label.map { "label \($0)" },
      source.map { "from \($0)" }, text.map { "with \"\($0)\"" },
    ].compactMap(\.self).joined(separator: ", ")
  }
}
