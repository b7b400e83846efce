import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct Plan: PluginCommand, StyledCommand {
  static let configuration = CommandConfiguration(
    abstract: "Foresee what a run will take: time, memory, parameters.",
    discussion: """
      A few steps of every training are tried on some of the examples, and nothing is kept. After the run, --beside RUN shows \
      what it really took. A schedule is foreseen as if all terms counted at all times.
      """)

  @Argument(help: "Pipeline file.")
  var file: String
  @OptionGroup var overrides: OverrideOptions
  @Option(help: "Folder of the run, instead of the file's `output`.")
  var output: String?
  @Option(help: "Steps to try of each training.")
  var steps = 5
  @Option(help: ArgumentHelp("Folder of a finished run to compare with.", valueName: "run"))
  var beside: String?
  @Option(help: "text or json.")
  var format = OutputFormat.text
  @OptionGroup var log: LogOptions
  @OptionGroup var threads: ThreadOptions

  var style: ConsoleStyle { log.style }

  func validate() throws {
    if steps < 2 { throw ValidationError("--steps must be at least 2: the first one warms up") }
  }

  func run(_ registry: PluginRegistry) throws {
    let pipeline = try Pipeline(file, overrides, output: output, registry: registry)
    if let beside {
      try Console.check(beside, isFolder: true)
      _ = try RunRecord(RunFolder(URL(filePath: beside)).record)
    }
    let display = ProgressDisplay()
    let plan = try threads.run {
      try RunPlan(pipeline, steps: steps, observe: display.show)
    }
    Console.output(try format == .json ? plan.json() : plan.text(beside: beside.map { URL(filePath: $0) }))
    if pipeline.options.precision == .float32, beside == nil, Precision.bfloat16.isAvailable {
      Console.log(
        "this processor has bfloat16: --set precision=bfloat16 shows what that would take, its own teacher included")
    }
  }
}
