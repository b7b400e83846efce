import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score a run's teacher, its student, and the student with its knowledge base.")

  @Argument(help: ArgumentHelp("Folder of a finished run.", valueName: "run"))
  var folder: String
  @Option(help: "Labelled file in the task's layout. Default: the run's validation file.")
  var data: String?
  @Flag(help: "Leave the knowledge base out.")
  var noRetrieval = false
  @Option(help: "text or json.")
  var format = OutputFormat.text
  @OptionGroup var threads: ThreadOptions

  func run() throws {
    let display = ProgressDisplay()
    let report = try threads.run {
      try FinishedRun(URL(filePath: folder), registry: try Distill.registry(), retrieval: !noRetrieval)
        .evaluate(data.map { URL(filePath: $0) }, observe: display.show)
    }
    Console.output(format == .json ? try report.json() : report.text)
  }
}
