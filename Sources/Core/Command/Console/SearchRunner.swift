import DistillCore
import DistillPipeline
import DistillTraining
import Foundation

/// Runs a search: the pipeline as written, and then the rungs one after the other.
final class SearchRunner {
  private let plan: SearchPlan
  private let jobs: Int
  private let threads: Int
  private let showsTimes: Bool
  private let stop: StopRequest
  /// The time at which everything ends.
  private let deadline: ContinuousClock.Instant
  private var results: [TrialResult] = []

  /// - Parameters:
  ///   - plan: The trials. What was trained of them before counts as time that is spent.
  ///   - jobs: The number of trials beside each other.
  ///   - threads: The number of threads of each.
  ///   - showsTimes: Whether the lines of their logs begin with the time.
  ///   - stop: The request to stop, which is passed on to the trials.
  init(_ plan: SearchPlan, jobs: Int, threads: Int, showsTimes: Bool, stop: StopRequest) {
    (self.plan, self.jobs, self.threads, self.showsTimes, self.stop) = (plan, jobs, threads, showsTimes, stop)
    let spent = PlannedRun.secondsSpent(in: plan.output) / Double(jobs)
    deadline = .now + .seconds(plan.options.minutes * 60 - spent)
  }

  private var secondsLeft: Double { ContinuousClock.now.duration(to: deadline) / .seconds(1) }
  /// A tenth of the time is kept for what takes longer than foreseen.
  private var plannedSeconds: Double { plan.options.minutes * 54 }

  /// Trains as many trials as the time permits.
  ///
  /// - Returns: What was found, or `nil` if a stop was requested.
  /// - Throws: `Diagnostics` if the time suffices for no trial, and `ContractError` if the pipeline as written fails.
  func run() throws -> SearchOutcome? {
    let (rungs, trials) = (try plan.rungs(), plan.trials(plan.options.trials))
    if trials.isEmpty {
      throw plan.mistake(at: "values", "the pipeline as written has these values", hint: "add other values")
    }
    let written = try plan.run(.asWritten, share: 1)
    if written.state == .new { try foresee(written, rungs) }
    _ = try train([(.asWritten, written)], share: 1)
    if stop.requested != nil { return nil }
    guard written.isFinished else {
      throw ContractError(
        "the pipeline as written is not finished"
          + (secondsLeft <= 0 ? "; the same command with more minutes goes on" : ""))
    }
    let seconds = written.seconds
    let cost = cost(seconds, epochs: written.secondsOfEpochs)
    let left = plannedSeconds - seconds.values.reduce(0, +)
    if let schedule = HalvingSchedule(trials: trials.count, seconds: left, cost: cost, rungs: rungs, jobs: jobs) {
      let time = Self.minutes(schedule.seconds(cost, jobs: jobs))
      Console.log("trials: \(schedule.description); about \(time) of \(Self.minutes(left))")
      try halve(schedule, trials, cost)
    } else {
      Console.log("no time is left for a trial; the same command with more minutes goes on")
    }
    return stop.requested == nil ? try SearchOutcome(results) : nil
  }

  private static func minutes(_ seconds: Double) -> String {
    String(format: "%.1f min", locale: Locale(identifier: "en_US_POSIX"), seconds / 60)
  }

  /// What a trial takes, by the seconds of the stages of the pipeline as written and of its epochs. Starting a process takes about a
  /// second. The teacher and its answers are made once, unless the trials change it.
  private func cost(_ stages: [String: Double], epochs: Double) -> HalvingSchedule.Cost {
    let once = (stages["teacher"] ?? 0) + (stages["student"] ?? 0) - epochs
    return HalvingSchedule.Cost(fixed: 1 + (plan.changesTeacher ? max(0, once) : 0), full: epochs)
  }

  /// Tries some steps of the pipeline as written.
  ///
  /// - Throws: `Diagnostics` if the time does not suffice for it and one trial.
  private func foresee(_ written: PlannedRun, _ rungs: ClosedRange<Int>) throws {
    let foreseen = try Compute.$threads.withValue(threads) { try RunPlan(plan.pipeline, output: written.folder) }
    Compute.trimMemory()
    let epochs = foreseen.phases.last { $0.name == "student" }?.seconds ?? 0
    let cost = cost(foreseen.seconds, epochs: epochs)
    let alone = 1 + (foreseen.seconds["teacher"] ?? 0) + (foreseen.seconds["student"] ?? 0)
    Console.log("the pipeline as written takes about \(Self.minutes(alone)), of \(plan.options.minutes) min for all")
    let least = rungs.lowerBound...rungs.lowerBound
    guard HalvingSchedule(trials: 1, seconds: plannedSeconds - alone, cost: cost, rungs: least) == nil else { return }
    let smallest = HalvingSchedule(trials: 1, seconds: .infinity, cost: cost, rungs: least)
    let needed = (alone + (smallest?.seconds(cost) ?? 0)) / 54
    throw plan.mistake(
      at: "minutes", "the time does not suffice for the pipeline as written and one trial",
      hint: "write at least `minutes: \(Int(needed.rounded(.up)))`, or let the pipeline train for fewer epochs")
  }

  /// Trains the trials on all rungs.
  private func halve(_ schedule: HalvingSchedule, _ trials: [Trial], _ cost: HalvingSchedule.Cost) throws {
    var (entrants, cost) = (trials, cost)
    for (place, rung) in schedule.rungs.enumerated() {
      let runs = try planned(entrants.prefix(rung.trials), share: rung.share)
      let expected = cost.seconds(share: rung.share)
      let taken = try train(runs, share: rung.share) { [self] taken in
        // If the trials take longer than foreseen, so will those on the next rungs.
        let cost = cost.scaled(by: max(1, (taken ?? expected) / expected))
        return schedule.hasTime(on: place, seconds: secondsLeft, cost: cost)
      }
      if stop.requested != nil || secondsLeft <= 0 { return }
      if let taken { cost = cost.scaled(by: taken / expected) }
      let done = results.filter { $0.share == rung.share && $0.trial != .asWritten }
      entrants = HalvingSchedule.best(done.map { ($0.trial, $0.loss) }, done.count)
    }
  }

  /// Returns the runs of trials. A trial whose values do not go together has failed.
  private func planned(_ trials: ArraySlice<Trial>, share: Double) throws -> [(trial: Trial, run: PlannedRun)] {
    try trials.compactMap { trial in
      do { return (trial, try plan.run(trial, share: share)) } catch let problems as Diagnostics {
        Console.log("\(trial.description): failed: \(problems.list.first?.message ?? "")")
        results.append(TrialResult(impossible: trial, share: share))
        return nil
      }
    }
  }

  /// Trains trials until the deadline, as long as more of them may begin.
  ///
  /// - Returns: The mean of the seconds that one has taken, or `nil` if all were finished before.
  private func train(
    _ trials: [(trial: Trial, run: PlannedRun)], share: Double, mayBegin: (Double?) -> Bool = { _ in true }
  ) throws -> Double? {
    let runner = SweepRunner(
      trials.map(\.run), in: plan.output, jobs: jobs, threads: threads, showsTimes: showsTimes,
      stop: stop)
    let failed = try runner.run(until: deadline, mayBegin: mayBegin) { run in
      let result = try trials.first { $0.run.name == run.name }.map { try TrialResult($0.trial, share: share, of: run) }
      return result.map { ": " + ([$0.text] + $0.trial.settings).joined(separator: ", ") } ?? ""
    }
    for (trial, run) in trials where run.isFinished || failed.contains(run.name) {
      results.append(try TrialResult(trial, share: share, of: run))
      try run.removeModels()
    }
    return runner.meanSeconds
  }
}
