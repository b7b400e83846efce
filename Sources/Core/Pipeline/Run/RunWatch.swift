import DistillCore
import DistillTraining
import Foundation

/// The progress of a run that another process makes, from what that process writes into the folder of the run.
package final class RunWatch {
  package enum State: Equatable, Sendable {
    /// The process that makes the run, such as `process 4711 on lupin since 2026-02-03T10:11:12Z`.
    case running(by: String)
    case finished
    /// No process makes the run, and it is not finished.
    case stopped
  }

  package let folder: RunFolder
  /// The last step that was seen, or `nil` before the first one.
  package private(set) var last: (phase: String, step: Int)?

  private var lines: LineFollower
  private var training: RunProgress.Training?
  private var work: RunProgress.Work?
  /// The last step of each phase that was seen.
  private var seen: [String: Int] = [:]
  /// The ends of epochs and the moves of the schedule that were told.
  private var told: Set<String> = []
  /// The best epoch of the current phase, and the seconds of its epochs.
  private var kept = (epoch: 0, seconds: 0.0)

  /// - Throws: `FormatError` if the folder is not that of a run, or if the record of the run is damaged.
  package init(_ url: URL) throws {
    folder = RunFolder(url)
    lines = LineFollower(folder.metrics)
    _ = try RunRecord(folder.record)
  }

  /// Returns whether the run goes on.
  ///
  /// - Throws: `FormatError` if the lock of the run cannot be read.
  package func state() throws -> State {
    // The lock is asked first, because a run writes its record before it releases the lock.
    if let holder = try FileLock.holder(of: folder.lockFile) { return .running(by: holder) }
    return (try? RunRecord(folder.record))?.isComplete == true ? .finished : .stopped
  }

  /// Returns what has happened since the last call, and at the first one since the run began.
  ///
  /// - Throws: `FormatError` if `metrics.jsonl` cannot be read.
  package func events() throws -> [TrainingEvent] {
    let (lines, isWhole) = try lines.next()
    let progress = RunProgress(folder.progress)
    var events: [TrainingEvent] = []
    // A run that is resumed writes the lines up to its checkpoint into a new file. They were seen in the old one.
    let old = isWhole ? seen : [:]
    for record in lines.compactMap({ MetricsLog.record(in: $0[...]) }) where record.step > old[record.phase, default: 0]
    {
      begin(record.phase, progress, &events)
      add(record, &events)
    }
    if let next = progress?.trainings.last { begin(next.phase, progress, &events) }
    add(progress?.work, &events)
    return events
  }

  private func begin(_ phase: String, _ progress: RunProgress?, _ events: inout [TrainingEvent]) {
    guard training?.phase != phase else { return }
    // The phases of earlier versions have no lengths.
    let next =
      progress?.trainings.first { $0.phase == phase } ?? RunProgress.Training(phase: phase, epochs: 0, stepsPerEpoch: 0)
    (training, kept) = (next, (0, 0))
    events.append(.began(phase: phase, epochs: next.epochs, stepsPerEpoch: next.stepsPerEpoch, resumedAtStep: 0))
  }

  private func add(_ record: MetricsRecord, _ events: inout [TrainingEvent]) {
    last = (record.phase, record.step)
    seen[record.phase] = record.step
    switch record {
    case .step(let step): events.append(.step(step))
    case .epoch(let epoch):
      guard told.insert("epoch \(epoch.epoch) of \(epoch.phase)").inserted else { return }
      kept = (epoch.isBest ? epoch.epoch : kept.epoch, kept.seconds + epoch.seconds)
      events.append(.epoch(epoch))
      if let training, epoch.epoch == training.epochs {
        events.append(.ended(phase: epoch.phase, bestEpoch: kept.epoch, seconds: kept.seconds))
      }
    case .stage(let stage):
      if told.insert("\(stage.stage) of \(stage.phase)").inserted { events.append(.stage(stage)) }
    }
  }

  private func add(_ next: RunProgress.Work?, _ events: inout [TrainingEvent]) {
    if let work, work.what != next?.what {
      events.append(.progress(what: work.what, done: work.total, total: work.total))
    }
    if let next, next != work { events.append(.progress(what: next.what, done: next.done, total: next.total)) }
    work = next
  }
}
