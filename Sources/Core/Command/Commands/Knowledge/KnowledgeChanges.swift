import ArgumentParser
import DistillCore
import DistillKnowledge
import DistillPipeline
import Foundation

private func counted(_ entries: Int) -> String { entries == 1 ? "1 entry" : "\(entries) entries" }

struct KnowledgeAdd: PluginCommand, StyledCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add labelled texts, whose labels may be new.")

  @OptionGroup var run: KnowledgeRun
  @Argument(help: "Labelled file in the task's layout.")
  var file: String
  @Flag(help: "The file has texts alone; the run's teacher labels them.")
  var unlabelled = false
  @OptionGroup var log: LogOptions
  @OptionGroup var threads: ThreadOptions

  var style: ConsoleStyle { log.style }

  func run(_ registry: PluginRegistry) throws {
    try Console.check(file, isFolder: false)
    let finished = try run.open(registry)
    let display = ProgressDisplay()
    let (ids, new) = try threads.run {
      try finished.teach(URL(filePath: file), isUnlabelled: unlabelled) { done, total in
        display.show(.progress(what: "keys", done: done, total: total))
      }
    }
    Console.output(
      "added \(counted(ids.count)), with the numbers \(ids.lowerBound) to \(ids.upperBound - 1)"
        + (new.isEmpty ? "" : "; new labels: \(new.joined(separator: ", "))"))
  }
}

struct KnowledgeRemove: PluginCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove entries by number, label, source or text.")

  @OptionGroup var run: KnowledgeRun
  @OptionGroup var choice: EntryChoice

  func run(_ registry: PluginRegistry) throws {
    let finished = try run.open(registry)
    let log = try finished.knowledgeLog()
    let chosen = try choice.someEntries(of: log)
    try log.remove(chosen.map(\.id), note: choice.note)
    try finished.refreshIndex()
    Console.output("removed \(counted(chosen.count))")
  }
}

struct KnowledgeRelabel: PluginCommand {
  static let configuration = CommandConfiguration(
    commandName: "relabel", abstract: "Give entries another label, which may be new.")

  @OptionGroup var run: KnowledgeRun
  @Argument(help: "The new label.")
  var newLabel: String
  @OptionGroup var choice: EntryChoice

  func validate() throws {
    if newLabel.isEmpty { throw ValidationError("the new label is empty") }
  }

  func run(_ registry: PluginRegistry) throws {
    let finished = try run.open(registry)
    guard case .classification = finished.task.kind else { throw InputError("a regression has no labels") }
    let log = try finished.knowledgeLog()
    let chosen = try choice.someEntries(of: log)
    try log.relabel(
      Dictionary(uniqueKeysWithValues: chosen.map { ($0.id, newLabel) }), note: "\(choice.note): now \(newLabel)")
    try finished.refreshIndex()
    Console.output("relabelled \(counted(chosen.count))")
  }
}

struct KnowledgeRevert: PluginCommand {
  static let configuration = CommandConfiguration(
    commandName: "revert", abstract: "Go back to the state after an earlier change.",
    discussion: """
      A readout that `refit` has fitted to what is taken back answers no longer: the newest one that knows nothing of it does, or the student's \
      own classifier.
      """)

  @OptionGroup var run: KnowledgeRun
  @Argument(help: "The number of the change, as `log` lists it.")
  var number: Int

  func run(_ registry: PluginRegistry) throws {
    let finished = try run.open(registry)
    let isOther = try finished.revert(to: number)
    let answering = try finished.chosenReadout().map { "readout \($0)" } ?? "the student's own classifier"
    Console.output(
      "the knowledge base is as after change \(number)"
        + (isOther ? "; \(answering) answers, because the readout was fitted to something else" : ""))
  }
}

struct KnowledgeCompact: PluginCommand {
  static let configuration = CommandConfiguration(
    commandName: "compact", abstract: "Write the current state anew; earlier states are given up.")

  @OptionGroup var run: KnowledgeRun

  func run(_ registry: PluginRegistry) throws {
    let finished = try run.open(registry)
    try finished.knowledgeLog().compact()
    try finished.refreshIndex()
    Console.output("compacted")
  }
}
