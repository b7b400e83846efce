import Foundation
import Testing

/// The progress of runs that other processes make.
@Suite(.serialized) struct WatchTests {
  /// Starts the pipeline and returns when its student has begun.
  private func start(_ bench: Workbench, epochs: Int) throws -> Process {
    let process = bench.process(["run", "pipeline.yaml", "--set", "training.epochs=\(epochs)"])
    (process.standardError, process.standardOutput) = (FileHandle.nullDevice, FileHandle.nullDevice)
    try process.run()
    let deadline = Date.now + 60
    while process.isRunning, Date.now < deadline {
      let log = try? String(decoding: bench.data("runs/tiny/metrics.jsonl"), as: UTF8.self)
      if log?.contains("\"phase\":\"student\"") == true { break }
      Thread.sleep(forTimeInterval: 0.005)
    }
    return process
  }

  @Test func aFinishedRunIsToldAtOnce() throws {
    let bench = try Workbench()
    try bench.run()
    let outcome = try bench.distill("watch", "runs/tiny")
    #expect(outcome.status == 0 && outcome.errors == "" && outcome.lines.first == "runs/tiny is finished")
    #expect(outcome.output.contains("student + knowledge base"))
    let events = try bench.distill("watch", "runs/tiny", "--json")
    #expect(events.status == 0 && events.lines.count == 1 && events.output.contains("\"event\":\"finished\""))
  }

  @Test func whatIsNoRunIsRefused() throws {
    let bench = try Workbench()
    try bench.run()
    for (folder, part) in [
      ("nothing", "there is no folder nothing"), ("pipeline.yaml", "pipeline.yaml is not a folder"),
      ("teacher", "teacher is not the folder of a run"),
      ("runs", "runs holds runs and is none; watch one of them: tiny"),
    ] {
      let outcome = try bench.distill("watch", folder)
      #expect(outcome.status == 2 && outcome.output == "" && outcome.errors.contains(part), "\(outcome.errors)")
    }
    try bench.write("{}", to: "runs/tiny/run.json")
    let damaged = try bench.distill("watch", "runs/tiny")
    #expect(damaged.status == 1 && damaged.errors.contains("run.json"), "\(damaged.errors)")
  }

  @Test func aRunIsShownFromItsBeginningToItsEnd() throws {
    let bench = try Workbench()
    let process = try start(bench, epochs: 150)
    let outcome = try bench.distill("watch", "runs/tiny")
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    #expect(outcome.status == 0 && outcome.lines.first == "runs/tiny is finished")
    #expect(outcome.errors.contains("runs/tiny: run by process \(process.processIdentifier) "))
    #expect(outcome.errors.contains("student: 150 epochs of 8 steps\n"), "\(outcome.errors)")
    let told = outcome.errors.matches(of: /student: epoch ([0-9]+)\/150\b/).compactMap { Int($0.1) }
    #expect(told == Array(1...150))
    #expect(outcome.errors.contains(/teacher: fine-tuning: epoch 4\/4\b/))
    #expect(outcome.errors.contains(/student: done in [0-9]+ s, kept epoch 150\n/))
  }

  @Test func aRunThatIsKilledHasStopped() throws {
    let bench = try Workbench()
    let process = try start(bench, epochs: 2000)
    let watch = bench.process(["watch", "runs/tiny", "--json"])
    try bench.write("", to: "events")
    watch.standardOutput = try FileHandle(forWritingTo: bench.url.appending(path: "events"))
    try watch.run()
    func events() throws -> [Substring] {
      String(decoding: try bench.data("events"), as: UTF8.self).split(separator: "\n")
    }
    let deadline = Date.now + 60
    while try !events().contains(where: { $0.contains("\"what\":\"student\"") }), process.isRunning, Date.now < deadline
    {
      Thread.sleep(forTimeInterval: 0.005)
    }
    kill(process.processIdentifier, SIGKILL)
    watch.waitUntilExit()
    let lines = try events()
    #expect(watch.terminationStatus == 0)
    #expect(lines.contains { $0.contains("\"event\":\"progress\"") && $0.contains("\"what\":\"student\"") })
    let last = try #require(lines.last)
    #expect(last.contains("\"event\":\"stopped\"") && last.contains("\"phase\":\"student\""), "\(last)")
    let step = try #require(last.firstMatch(of: /"step":([0-9]+)/).map { String($0.1) })
    let after = try bench.distill("watch", "runs/tiny")
    #expect(after.status == 0, "\(after.errors)")
    #expect(
      after.output
        == "runs/tiny has stopped after step \(step) of student; `distill run FILE --resume` goes on with it\n")
  }
}
