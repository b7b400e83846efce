import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct Run: PluginCommand, StyledCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a pipeline: prepare the teacher, distil the student, build the knowledge base, report.",
    discussion: """
      The run folder holds the student in Hugging Face's layout, the knowledge base, metrics.jsonl and the report, and \
      checkpoints until it is done. An interrupted run goes on with --resume, and is not \
      written over without. A teacher that was prepared before by the same settings, next to this \
      run, is taken from there.

      \(EventOptions.discussion)
      """)

  @Argument(help: "Pipeline file.")
  var file: String
  @OptionGroup var overrides: OverrideOptions
  @Option(help: "Folder of the run, instead of the file's `output`.")
  var output: String?
  @Flag(help: "Go on with the run in that folder.")
  var resume = false
  @OptionGroup var events: EventOptions
  @OptionGroup var threads: ThreadOptions

  var style: ConsoleStyle { events.style }

  func run(_ registry: PluginRegistry) throws {
    let pipeline = try Pipeline(file, overrides, output: output, registry: registry)
    let signals = Signals()
    let report = try threads.run {
      try PipelineRun(pipeline, resumes: resume, stop: signals.stop, observe: ProgressDisplay.observer()).run()
    }
    let folder = RunFolder(pipeline.options.output.url)
    Console.log("the report with its findings: \(folder.page.path)")
    Console.event(JSONEvent("finished", FinishedEvent(report, in: folder)))
    Console.result(report.text)
  }
}
