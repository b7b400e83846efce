import DistillCore
import DistillPipeline
import DistillTraining
import Foundation
import TestSupport
import Testing

/// What can be seen of a run in its folder while another process makes it.
struct WatchTests {
  private static func line(_ event: TrainingEvent) -> String? {
    switch event {
    case .began(let phase, let epochs, let stepsPerEpoch, _): "\(phase) began, \(epochs) of \(stepsPerEpoch)"
    case .step(let record): "\(record.phase) \(record.step)"
    case .epoch(let record): "\(record.phase) epoch \(record.epoch)"
    case .stage(let record): "\(record.phase) on to \(record.stage)"
    case .ended(let phase, let best, _): "\(phase) ended, \(best)"
    case .progress(let what, let done, let total): "\(what) \(done)/\(total)"
    case .note: nil
    }
  }

  @Test func aRunIsSeenWhileItGoesOn() throws {
    let bench = try Workbench()
    var (watch, seen, told): (RunWatch?, [String], [String]) = (nil, [], [])
    let pipeline = try bench.pipeline(set: [("training.epochs", "2")])
    try bench.run(pipeline, into: "tiny") { event in
      do {
        let current = try watch ?? RunWatch(bench.url.appending(path: "runs/tiny"))
        watch = current
        guard case .running(let holder) = try current.state() else { throw ContractError("is not running") }
        #expect(holder.contains("process \(getpid())"))
        seen += try current.events().compactMap(Self.line)
      } catch { Issue.record("\(error)") }
      if let line = Self.line(event) { told.append(line) }
    }
    let last = try #require(watch)
    #expect(try last.state() == .finished)
    seen += try last.events().compactMap(Self.line)
    func trainings(_ lines: [String]) -> [String] { lines.filter { !$0.contains("/") } }
    #expect(trainings(seen) == trainings(told))
    #expect(seen.contains("student began, 2 of 8") && seen.contains("student ended, 2"))
    #expect(Set(seen).isSuperset(of: told.filter { $0.hasSuffix("60/60") }) == seen.contains { $0.hasSuffix("60/60") })
    #expect(!bench.exists("runs/tiny/checkpoints"))
  }

  @Test func aRunThatIsStoppedAndResumedIsToldOnce() throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(set: [("training.epochs", "4")])
    let request = StopRequest()
    #expect(throws: TrainingError.self) {
      try bench.run(pipeline, into: "tiny", stop: request) {
        if case .step(let record) = $0, record.phase == "student", record.step == 20 { request.stop(signal: 15) }
      }
    }
    let watch = try RunWatch(bench.url.appending(path: "runs/tiny"))
    #expect(try watch.state() == .stopped)
    var seen = try watch.events().compactMap(Self.line)
    #expect(seen.last == "student 20" && watch.last?.step == 20)
    try bench.run(pipeline, into: "tiny", resumes: true) { _ in
      do { seen += try watch.events().compactMap(Self.line) } catch { Issue.record("\(error)") }
    }
    for epoch in 1...4 { #expect(seen.count { $0 == "student epoch \(epoch)" } == 1) }
    #expect(seen.filter { $0.wholeMatch(of: /student [0-9]+/) != nil } == (1...32).map { "student \($0)" })
    #expect(seen.count { $0.hasPrefix("student began") } == 1 && seen.contains("student ended, 4"))
  }

  /// A run that was killed before its first checkpoint has nothing to lose, and begins anew without being asked to resume.
  @Test func whatARunSaysOfItselfIsNoCheckpoint() throws {
    let bench = try Workbench()
    let pipeline = try bench.pipeline(set: [("training.epochs", "1")])
    let stop = StopRequest()
    stop.stop(signal: 15)
    #expect(throws: TrainingError.self) { try bench.run(pipeline, into: "tiny", stop: stop) }
    try FileSystem.makeFolder(bench.url.appending(path: "runs/tiny/checkpoints"))
    try bench.write("{\"trainings\": [], \"wo", to: "runs/tiny/checkpoints/progress.json")
    try bench.run(pipeline, into: "tiny")
  }

  @Test func aFolderWithoutARunIsRefused() throws {
    let bench = try Workbench()
    #expect(throws: FormatError.self) { try RunWatch(bench.url.appending(path: "teacher")) }
  }
}
