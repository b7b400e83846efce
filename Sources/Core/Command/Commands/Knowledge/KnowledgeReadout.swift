import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct KnowledgeRefit: PluginCommand {
  static let configuration = CommandConfiguration(
    commandName: "refit", abstract: "Fit a linear readout to everything that is known, and let it answer.",
    discussion: """
      The readout answers in the place of the student's classifier, labels that were taught later included. Neither the student nor \
      the knowledge base changes: `distill knowledge readout RUN student` takes it back, and `distill evaluate` compares both.
      """)

  @OptionGroup var run: KnowledgeRun
  @OptionGroup var threads: ThreadOptions

  func run(_ registry: PluginRegistry) throws {
    let finished = try run.open(registry)
    let start = ContinuousClock.now
    let (number, readout) = try threads.run { try finished.refit() }
    let seconds = start.duration(to: .now) / .seconds(1)
    Console.output(
      "readout \(number) answers from now on: \(readout.labels.count) labels, fitted to \(readout.count) texts in "
        + String(format: "%.1f s", locale: Locale(identifier: "en_US_POSIX"), seconds))
  }
}

struct KnowledgeReadout: PluginCommand {
  static let configuration = CommandConfiguration(
    commandName: "readout", abstract: "List the readouts, or say which of them answers.")

  @OptionGroup var run: KnowledgeRun
  @Argument(help: "The number of a readout, or `student` for the student's own classifier.")
  var choice: ReadoutChoice?

  func run(_ registry: PluginRegistry) throws {
    let finished = try run.open(registry)
    if let choice {
      try finished.choose(readout: choice.number)
      return Console.output(
        "\(choice.number.map { "readout \($0)" } ?? "the student's own classifier") answers from now on")
    }
    let chosen = try finished.chosenReadout()
    Console.output("student\(chosen == nil ? "\tanswers" : "")")
    for (number, readout) in try finished.readouts() {
      Console.output(
        "\(number)\t\(readout.labels.count) labels, \(readout.count) texts, change \(readout.change)"
          + (chosen == number ? "\tanswers" : ""))
    }
  }
}

/// `student`, or the number of a readout.
struct ReadoutChoice: ExpressibleByArgument {
  let number: Int?

  init?(argument: String) {
    if argument == "student" {
      number = nil
    } else if let number = Int(argument) {
      self.number = number
    } else {
      return nil
    }
  }

  var classifier: FinishedRun.Classifier { number.map { .readout($0) } ?? .student }
}
