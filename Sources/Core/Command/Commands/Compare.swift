import ArgumentParser
import DistillPipeline
import Foundation

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put finished runs side by side: means over seeds, intervals, and tests of the differences.",
    discussion: """
      Runs that differ in nothing but their seed are one group, and appear with mean and sample standard deviation. \
      All runs must have been evaluated on the same texts. Where a readout answers with some seeds and the student's classifier with \
      others, `whatever answers` is the row of what the runs answer.

        distill compare runs/sweep
        distill compare runs/a runs/b --against teacher --format markdown
      """)

  @Argument(help: ArgumentHelp("Folders of runs, or folders that contain runs.", valueName: "run"))
  var folders: [String]
  @Option(help: "The row that the others are compared with. Default: the first student.")
  var against: String?
  @Option(name: .customLong("row"), parsing: .singleValue, help: "A row to show; may be given again. Default: all.")
  var rows: [String] = []
  @Option(help: "text, markdown, latex, csv, json or html, a page with the curves of all runs.")
  var format = Comparison.Format.text

  func run() throws {
    let runs = try folders.flatMap { folder -> [URL] in
      try Console.check(folder, isFolder: true)
      let found = ComparedRun.folders(at: URL(filePath: folder))
      if found.isEmpty { throw InputError("\(folder) is not a run and contains none") }
      return found
    }
    Console.output(try Comparison(runs.map(ComparedRun.init), against: against, rows: rows).text(format))
  }
}

extension Comparison.Format: ExpressibleByArgument {}
