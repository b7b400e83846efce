import ArgumentParser
import DistillCore
import DistillPipeline
import Foundation

struct Watch: StyledCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the progress of a run that another process makes, until it ends.",
    discussion: """
      The run may have been started here, by a sweep, or on another machine that shares the folder; nothing of it is changed, and \
      Ctrl-C ends the watching alone. The exit status is 0 whether the run has finished or stopped.

      \(EventOptions.discussion) Or it is `stopped` (folder, phase, step), if the run is not finished and nobody makes it.
      """)

  @Argument(help: ArgumentHelp("Folder of a run.", valueName: "run"))
  var folder: String
  @OptionGroup var events: EventOptions

  var style: ConsoleStyle { events.style }

  private struct Stopped: Encodable {
    let folder: String
    let phase: String?
    let step: Int?
  }

  func run() throws {
    try Console.check(folder, isFolder: true)
    let url = URL(filePath: folder)
    let runs = ComparedRun.folders(at: url)
    if runs.isEmpty { throw InputError("\(folder) is not the folder of a run") }
    guard runs == [url] else {
      let names = runs.prefix(5).map(\.lastPathComponent).joined(separator: ", ")
      throw InputError(
        "\(folder) holds runs and is none; watch one of them: \(names)" + (runs.count > 5 ? ", …" : ""))
    }
    let watch = try RunWatch(url)
    var state = try watch.state()
    if case .running(let holder) = state {
      Console.log("\(folder): run by \(holder)")
      let signals = Signals("\(folder) goes on", then: "\(folder) goes on")
      let observe = ProgressDisplay.observer()
      while true {
        for event in try watch.events() where signals.stop.requested == nil { observe(event) }
        guard case .running = state else { break }
        if let signal = signals.stop.requested { throw ExitCode(128 + signal) }
        Thread.sleep(forTimeInterval: 0.2)
        state = try watch.state()
      }
    } else {
      _ = try watch.events()
    }
    if state == .finished { return try printReport(watch) }
    Console.event(
      JSONEvent("stopped", Stopped(folder: url.path, phase: watch.last?.phase, step: watch.last?.step)))
    let place = watch.last.map { " after step \($0.step) of \($0.phase)" } ?? " before its first step"
    Console.result("\(folder) has stopped\(place); `distill run FILE --resume` goes on with it")
  }

  private func printReport(_ watch: RunWatch) throws {
    let report = try? Report(watch.folder)
    Console.event(JSONEvent("finished", FinishedEvent(report, in: watch.folder)))
    Console.result("\(folder) is finished" + (report.map { "\n\($0.text)" } ?? ""))
  }
}
