import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct Sweep: PluginCommand, StyledCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a pipeline with several seeds, values or variants, and compare them.",
    discussion: """
      A sweep file names a pipeline, and what is to be tried with it:

        version: 1
        pipeline: pipeline.yaml
        seeds: [1, 2, 3]
        grid:
          - {option: training.learning_rate, values: [1.0e-4, 2.0e-4]}
        variants:
          - {name: soft labels}
          - {name: stacked, pipeline: stacked.yaml, set: ["training.epochs=6"]}
        output: runs/sweep

      `grid` and `variants` may be left out. Every run is a process with a folder of its own, and all share prepared teachers. \
      A run that fails does not end the others. The same command goes on with what is unfinished. \
      `distill compare` prints the table again, in other forms and against other rows.

      With --json, standard output has a JSON object in each line, with `event`, `time` and:

        run        name, folder, log, done, total, and state: started, finished,
                   failed or stopped; with --list new, unfinished or finished
        finished   folder, failed: names, comparison: as of `distill compare`
        note, warning, error   as in `distill help run`

      `distill watch` has the events of each run.
      """)

  @Argument(help: "Sweep file.")
  var file: String
  @OptionGroup var overrides: OverrideOptions
  @Option(help: "Folder of the runs, instead of the file's `output`.")
  var output: String?
  @Option(help: ArgumentHelp("Seeds, instead of the file's.", valueName: "1,2,3"))
  var seeds: String?
  @Option(help: "Runs beside each other, which divide the threads among them.")
  var jobs = 1
  @Flag(help: "Check everything, print the runs with their state, and run nothing.")
  var list = false
  @OptionGroup var events: EventOptions
  @OptionGroup var threads: ThreadOptions

  var style: ConsoleStyle { events.style }

  private struct Finished: Encodable {
    let folder: String
    let failed: [String]
    let comparison: Comparison?
  }

  func validate() throws {
    if seeds != nil && seedList.isEmpty { throw ValidationError("--seeds takes numbers such as 1,2,3") }
    if !(1...256).contains(jobs) { throw ValidationError("--jobs must be between 1 and 256") }
  }

  private var seedList: [Int] {
    let parts = (seeds ?? "").split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }
    return numbers.count == parts.count && Set(numbers).count == numbers.count && numbers.allSatisfy { $0 >= 0 }
      ? numbers : []
  }

  func run(_ registry: PluginRegistry) throws {
    let plan = try SweepPlan(
      file, overrides: overrides.overrides, seeds: seedList, output: output.map { URL(filePath: $0) },
      registry: registry)
    let signals = Signals(
      "stopping the runs after their steps; once more to leave them to themselves",
      then: "the runs stop after their steps; the same command goes on with them")
    let runner = SweepRunner(
      plan.members, in: plan.output, jobs: jobs, threads: max(1, (threads.threads ?? Compute.threads) / jobs),
      showsTimes: style.showsTimes, stop: signals.stop)
    if list {
      for (place, member) in plan.members.enumerated() {
        runner.tell(member, member.state.rawValue, done: place + 1)
        Console.result("\(member.name)\t\(member.state.rawValue)")
      }
      return
    }
    try FileSystem.makeFolder(plan.output)
    let finished = plan.members.count { $0.state == .finished }
    Console.log(
      "\(plan.members.count) runs in \(plan.output.path)" + (finished > 0 ? ", of which \(finished) are finished" : ""))
    let failed = try runner.run()
    if let signal = signals.stop.requested { throw SweepRunner.Stopped.bySignal(signal) }
    let done = plan.members.filter { !failed.contains($0.name) }
    let comparison = done.isEmpty ? nil : try Comparison(done.map { try ComparedRun($0.folder) })
    Console.event(
      JSONEvent("finished", Finished(folder: plan.output.path, failed: failed, comparison: comparison)))
    if let comparison { Console.result(try comparison.text(.text)) }
    if !failed.isEmpty { throw ExitCode(1) }
  }
}
