import DistillCore
import DistillPipeline
import DistillTraining
import Foundation

/// Runs the members of a sweep as processes of this program, some of them at a time.
final class SweepRunner {
  private struct Running {
    let member: SweepPlan.Member
    let process: Process
    let log: URL
    let started = ContinuousClock.now
  }

  private let plan: SweepPlan
  private let jobs: Int
  private let threads: Int
  private let stop: StopRequest
  private var running: [Running] = []
  private var failed: [String] = []
  private var done = 0
  private var line = RedrawnLine()

  init(_ plan: SweepPlan, jobs: Int, threads: Int, stop: StopRequest) {
    (self.plan, self.jobs, self.threads, self.stop) = (plan, jobs, threads, stop)
  }

  /// Runs everything that is not finished.
  ///
  /// - Returns: The names of the runs that failed. If a stop was requested, the runs were stopped, too, and can be gone on with.
  func run() throws -> [String] {
    var waiting = plan.members.filter { $0.state != .finished }[...]
    done = plan.members.count - waiting.count
    Console.error(
      "\(plan.members.count) runs in \(plan.output.path)" + (done > 0 ? ", of which \(done) are finished" : ""))
    var isStopping = false
    while !running.isEmpty || (!waiting.isEmpty && !isStopping) {
      while running.count < jobs, !isStopping, let member = waiting.popFirst() { running.append(try start(member)) }
      Thread.sleep(forTimeInterval: 0.2)
      if let signal = stop.requested, !isStopping {
        isStopping = true
        for run in running { kill(run.process.processIdentifier, signal) }
      }
      let ended = running.filter { !$0.process.isRunning }
      for run in ended { finish(run, isStopping) }
      running.removeAll { run in ended.contains { $0.member.name == run.member.name } }
      show()
    }
    line.clear()
    return failed
  }

  private func start(_ member: SweepPlan.Member) throws -> Running {
    let log = plan.output.appending(path: member.name + ".log")
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    let process = Process()
    process.executableURL = Bundle.main.executableURL
    process.arguments =
      ["run", member.file, "--threads", "\(threads)"] + member.overrides.flatMap { ["--set", $0] }
      + (member.state == .unfinished ? ["--resume"] : [])
    let output = try FileHandle(forWritingTo: log)
    (process.standardInput, process.standardOutput, process.standardError) = (FileHandle.nullDevice, output, output)
    try process.run()
    return Running(member: member, process: process, log: log)
  }

  private func finish(_ run: Running, _ isStopping: Bool) {
    let minutes = run.started.duration(to: .now) / .seconds(60)
    let time = String(format: "%.1f min", locale: Locale(identifier: "en_US_POSIX"), minutes)
    line.clear()
    if run.process.terminationStatus == 0 {
      done += 1
      Console.error("\(run.member.name): done in \(time) (\(done)/\(plan.members.count))")
    } else if isStopping {
      Console.error("\(run.member.name): stopped; the same command goes on with it")
    } else {
      failed.append(run.member.name)
      Console.error("\(run.member.name): failed after \(time); its log is \(run.log.path)")
      for text in lastLines(of: run.log, 5) { Console.error("  \(text)") }
    }
  }

  /// Shows the last line of each log, on a terminal.
  private func show() {
    guard Console.isTerminal else { return }
    line.draw(
      running.map { "\($0.member.name): \(lastLines(of: $0.log, 1).first ?? "")" }.joined(separator: " · ")
        + "  (\(done)/\(plan.members.count))")
  }

  private func lastLines(of log: URL, _ count: Int) -> [String] {
    guard let text = try? FileSystem.text(of: log) else { return [] }
    return text.split(separator: "\n").suffix(count).map(String.init)
  }
}
