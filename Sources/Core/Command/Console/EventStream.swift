import DistillPipeline
import DistillTraining
import Foundation

/// Writes the events of a run for `--json`.
final class EventStream {
  private struct Began: Encodable { let phase: String, epochs, stepsPerEpoch, step: Int }
  private struct Ended: Encodable { let phase: String, bestEpoch: Int, seconds: Double }
  private struct Progress: Encodable {
    let what: String
    let done, total: Int
    var loss, secondsLeft: Double?
  }

  private var pace = Pace()
  private var lastProgress = ContinuousClock.now - .seconds(1)

  func write(_ event: TrainingEvent) {
    if Console.style.isQuiet { return }
    switch event {
    case .began(let phase, let epochs, let stepsPerEpoch, let resumed):
      pace = Pace(epochs: epochs, stepsPerEpoch: stepsPerEpoch)
      write("began", Began(phase: phase, epochs: epochs, stepsPerEpoch: stepsPerEpoch, step: resumed))
    case .step(let record):
      pace.add(record)
      progress(
        Progress(
          what: record.phase, done: record.step, total: pace.total, loss: record.loss,
          secondsLeft: pace.secondsLeft(after: record.step)))
    case .epoch(let record):
      pace.add(record)
      write(record.event, record)
    case .stage(let record): write(record.event, record)
    case .ended(let phase, let best, let seconds):
      write("ended", Ended(phase: phase, bestEpoch: best, seconds: seconds))
    case .progress(let what, let done, let total): progress(Progress(what: what, done: done, total: total))
    case .note(let text): Console.log(text)
    }
  }

  private func progress(_ progress: Progress) {
    guard progress.done == progress.total || lastProgress.duration(to: .now) > .milliseconds(100) else { return }
    lastProgress = .now
    write("progress", progress)
  }

  private func write(_ name: String, _ body: some Encodable) { Console.event(JSONEvent(name, body)) }
}

/// What the event `finished` tells of a run.
struct FinishedEvent: Encodable {
  struct Row: Encodable {
    let name: String
    let scores: [String: Double]
    let parameters: Int?
    let textsPerSecond: Double?
  }
  let folder: String
  let report: String
  let rows: [Row]

  /// - Parameter report: The report, or `nil` if it cannot be read.
  init(_ report: Report?, in folder: RunFolder) {
    (self.folder, self.report) = (folder.url.path, folder.report.path)
    rows = (report?.rows ?? []).map { row in
      Row(
        name: row.name, scores: Dictionary(row.scores.map { ($0.metric, $0.value) }) { first, _ in first },
        parameters: row.parameters, textsPerSecond: row.speed)
    }
  }
}
