import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct Search: PluginCommand, StyledCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find values for a pipeline on held-out texts, within some minutes.",
    discussion: """
      A search file names a pipeline, and values or ranges to try:

        version: 1
        pipeline: pipeline.yaml
        minutes: 30
        values:
          training.learning_rate: {from: 1e-5, to: 1e-3}
          losses[0].temperature: [1, 2, 4]
        output: runs/search

      The pipeline as written is trained first, which tells what time the trials take. Then many trials are trained for a few of their \
      epochs, and the better third of them for three times as many, until the last ones are trained for all (successive halving). If the \
      time suffices, all are. They are ranked by their loss on texts that `task.hold_out` sets aside; the validation file is not read. The \
      best pipeline is written to best.yaml in the folder of the search. A trial that fails does not end the others, and the same command \
      goes on after a stop.

      Beside these keys there are `trials` (at most 27), `rungs` (at most 3, as few as the time permits) and `seed` (of the values that \
      are drawn). A range has a `scale`, linear or log; whole numbers such as {from: 2, to: 12} give whole numbers.

      With --json, standard output has the events of `distill help sweep`, of which `finished` has folder and outcome: as \
      --format json prints it.
      """)

  @Argument(help: "Search file.")
  var file: String
  @OptionGroup var overrides: OverrideOptions
  @Option(help: "Folder of the trials, instead of the file's `output`.")
  var output: String?
  @Option(help: "Trials beside each other, which divide the threads among them.")
  var jobs = 1
  @Option(help: "text, csv or json.")
  var format = SearchOutcome.Format.text
  @Flag(help: "Check everything, print the trials that would be drawn, and train nothing.")
  var list = false
  @OptionGroup var events: EventOptions
  @OptionGroup var threads: ThreadOptions

  var style: ConsoleStyle { events.style }

  private struct Finished: Encodable {
    let folder: String
    let outcome: SearchOutcome
  }

  func validate() throws {
    if !(1...256).contains(jobs) { throw ValidationError("--jobs must be between 1 and 256") }
  }

  func run(_ registry: PluginRegistry) throws {
    let plan = try SearchPlan(
      file, overrides: overrides.overrides, output: output.map { URL(filePath: $0) }, registry: registry)
    if list {
      for trial in plan.trials(plan.options.trials) { Console.result(trial.description) }
      return
    }
    let signals = Signals(
      "stopping the trials after their steps; once more to leave them to themselves",
      then: "the trials stop after their steps; the same command goes on with them")
    try FileSystem.makeFolder(plan.output)
    let runner = SearchRunner(
      plan, jobs: jobs, threads: max(1, (threads.threads ?? Compute.threads) / jobs), showsTimes: style.showsTimes,
      stop: signals.stop)
    guard let outcome = try runner.run() else {
      throw SweepRunner.Stopped.bySignal(signals.stop.requested ?? SIGTERM)
    }
    let best = plan.output.appending(path: "best.yaml")
    if outcome.best.trial == .asWritten {
      Console.log("the pipeline stays as it is written")
    } else {
      let remark = "\(outcome.best.trial.description), of \(outcome.tried) trials of `distill search`"
      try AtomicFile.write(Data(plan.pipelineFile(outcome.best.trial, remark: remark).utf8), to: best)
      Console.log("next: distill run \(best.relativePath)")
    }
    Console.event(JSONEvent("finished", Finished(folder: plan.output.path, outcome: outcome)))
    Console.result(try outcome.text(format))
  }
}

extension SearchOutcome.Format: ExpressibleByArgument {}
