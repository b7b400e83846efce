import DistillCore
import DistillPipeline
import DistillTraining
import Foundation

/// Runs the members of a sweep or the trials of a search as processes of this program, some of them at a time.
final class SweepRunner {
  private struct Running {
    let member: PlannedRun
    let process: Process
    let log: URL
    let started = ContinuousClock.now
  }

  private let members: [PlannedRun]
  private let output: URL
  private let jobs: Int
  private let threads: Int
  private let showsTimes: Bool
  private let stop: StopRequest
  private var running: [Running] = []
  private var failed: [String] = []
  /// The seconds of each run that was done.
  private var seconds: [Double] = []
  /// The mean of the seconds that runs have taken, or `nil` if none is done.
  var meanSeconds: Double? { seconds.isEmpty ? nil : seconds.reduce(0, +) / Double(seconds.count) }
  private var done = 0

  /// The error that a signal has stopped the runs.
  enum Stopped: Error, CustomStringConvertible {
    case bySignal(Int32)
    var description: String { "stopped; the same command goes on with the runs that are not finished" }
  }

  private struct Event: Encodable {
    let name, folder, log, state: String
    let done, total: Int
  }

  /// - Parameters:
  ///   - members: The runs.
  ///   - output: Their folder, which gets their logs.
  ///   - jobs: The number of runs beside each other.
  ///   - threads: The number of threads of each.
  ///   - showsTimes: Whether the lines of their logs begin with the time.
  ///   - stop: The request to stop, which is passed on to the runs.
  init(_ members: [PlannedRun], in output: URL, jobs: Int, threads: Int, showsTimes: Bool, stop: StopRequest) {
    (self.members, self.output, self.jobs, self.threads) = (members, output, jobs, threads)
    (self.showsTimes, self.stop) = (showsTimes, stop)
  }

  /// Tells of a run as an event.
  func tell(_ member: PlannedRun, _ state: String, done: Int? = nil) {
    Console.event(
      JSONEvent(
        "run",
        Event(
          name: member.name, folder: member.folder.path, log: log(of: member).path, state: state,
          done: done ?? self.done, total: members.count)))
  }

  private func log(of member: PlannedRun) -> URL { output.appending(path: member.name + ".log") }

  /// Runs everything that is not finished.
  ///
  /// - Parameters:
  ///   - deadline: The time at which all that still runs is stopped. Default: never.
  ///   - mayBegin: Whether another run may begin after the first one. Its argument is the mean of the seconds that runs have taken, if one
  ///     is done. Once it returns `false`, no other run begins.
  ///   - result: Returns what is to be said of a run that is done, beside its time.
  /// - Returns: The names of the runs that failed. If they were stopped, they can be gone on with.
  func run(
    until deadline: ContinuousClock.Instant? = nil, mayBegin: (Double?) -> Bool = { _ in true },
    result: (PlannedRun) throws -> String = { _ in "" }
  ) throws -> [String] {
    var waiting = members.filter { $0.state != .finished }[...]
    done = members.count - waiting.count
    var isStopping = false
    while !running.isEmpty || (!waiting.isEmpty && !isStopping) {
      while running.count < jobs, !isStopping, let member = waiting.popFirst() {
        let isFirst = running.isEmpty && seconds.isEmpty && failed.isEmpty
        guard isFirst || mayBegin(meanSeconds) else {
          Console.log("no time for \(waiting.count + 1) more")
          waiting = []
          break
        }
        running.append(try start(member))
      }
      Thread.sleep(forTimeInterval: 0.2)
      let isLate = deadline.map { ContinuousClock.now >= $0 } ?? false
      if let signal = stop.requested ?? (isLate ? SIGTERM : nil), !isStopping {
        isStopping = true
        for run in running { kill(run.process.processIdentifier, signal) }
      }
      let ended = running.filter { !$0.process.isRunning }
      for run in ended { try finish(run, isStopping, result) }
      running.removeAll { run in ended.contains { $0.member.name == run.member.name } }
      show()
    }
    Console.progress(nil)
    return failed
  }

  private func start(_ member: PlannedRun) throws -> Running {
    let log = log(of: member)
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    let process = Process()
    process.executableURL = Bundle.main.executableURL
    process.arguments =
      ["run", member.file, "--threads", "\(threads)"] + member.overrides.flatMap { ["--set", $0] }
      + (member.state == .unfinished ? ["--resume"] : []) + (showsTimes ? ["--log-times"] : [])
    let output = try FileHandle(forWritingTo: log)
    (process.standardInput, process.standardOutput, process.standardError) = (FileHandle.nullDevice, output, output)
    try process.run()
    tell(member, "started")
    return Running(member: member, process: process, log: log)
  }

  private func finish(_ run: Running, _ isStopping: Bool, _ result: (PlannedRun) throws -> String) throws {
    let minutes = run.started.duration(to: .now) / .seconds(60)
    let time = String(format: "%.1f min", locale: Locale(identifier: "en_US_POSIX"), minutes)
    func say(_ state: String, _ text: String) {
      tell(run.member, state)
      if !Console.style.isJSON { state == "failed" ? Console.error(text) : Console.log(text) }
    }
    if run.process.terminationStatus == 0 {
      done += 1
      seconds.append(minutes * 60)
      say("finished", "\(run.member.name): done in \(time) (\(done)/\(members.count))\(try result(run.member))")
    } else if isStopping {
      say("stopped", "\(run.member.name): stopped; the same command goes on with it")
    } else {
      failed.append(run.member.name)
      let lines = lastLines(of: run.log, 5).map { "\n  \($0)" }.joined()
      say("failed", "\(run.member.name): failed after \(time); its log is \(run.log.path)\(lines)")
    }
  }

  /// Shows the last line of each log, on a terminal.
  private func show() {
    let text =
      running.map { "\($0.member.name): \(lastLines(of: $0.log, 1).first ?? "")" }.joined(separator: " · ")
      + "  (\(done)/\(members.count))"
    Console.progress { ProgressLine.cut(text.escapingControls(), columns: $0) }
  }

  private func lastLines(of log: URL, _ count: Int) -> [String] {
    guard let text = try? FileSystem.text(of: log) else { return [] }
    return text.split(separator: "\n").suffix(count).map(String.init)
  }
}
