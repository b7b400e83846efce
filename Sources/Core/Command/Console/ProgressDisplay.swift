import DistillCore
import DistillTraining
import Foundation

/// Shows the progress of a run: a bar that is redrawn in place on a terminal, and plain lines in a log.
final class ProgressDisplay {
  private var pace = Pace()
  private var lastDrawn = ContinuousClock.now
  private let isTerminal = Console.isTerminal

  /// Returns the observer of a run: a display, or one that writes events if the command was asked for these.
  static func observer() -> (TrainingEvent) -> Void {
    Console.style.isJSON ? EventStream().write : ProgressDisplay().show
  }

  func show(_ event: TrainingEvent) {
    switch event {
    case .began(let phase, let epochs, let stepsPerEpoch, let resumed):
      pace = Pace(epochs: epochs, stepsPerEpoch: stepsPerEpoch)
      Console.log(
        (epochs > 0 ? "\(phase): \(epochs) epochs of \(stepsPerEpoch) steps" : phase)
          + (resumed > 0 ? ", resumed after step \(resumed)" : ""))
    case .step(let record): step(record)
    case .epoch(let record): epoch(record)
    case .stage(let record): Console.log("\(record.phase): on to \(record.stage) (\(record.reason))")
    case .ended(let phase, let best, let seconds):
      Console.progress(nil)
      Console.log("\(phase): done in \(duration(seconds)), kept epoch \(best)")
    case .progress(let what, let done, let total): progress(what, done, total)
    case .note(let text): Console.log(text)
    }
  }

  private func step(_ record: StepRecord) {
    pace.add(record)
    let total = pace.total
    let (place, left) =
      total > 0
      ? ("\(record.step)/\(total)", "  \(duration(pace.secondsLeft(after: record.step))) left") : ("\(record.step)", "")
    let figures = "\(place)  loss \(format(record.loss))\(left)"
    if isTerminal {
      if isTimeToDraw(last: record.step == total) { draw(record.phase, record.step, total, figures) }
    } else {
      // In a log, long epochs also print a line after each quarter.
      let stepsPerEpoch = max(pace.stepsPerEpoch, 1)
      let inEpoch = (record.step - 1) % stepsPerEpoch + 1
      if stepsPerEpoch >= 100, inEpoch % (stepsPerEpoch / 4) == 0, inEpoch < stepsPerEpoch {
        Console.log("\(record.phase): step \(figures)")
      }
    }
  }

  private func epoch(_ record: EpochRecord) {
    pace.add(record)
    let scores = record.scores.sorted { $0.key < $1.key }.map { "\($0.key) \(format($0.value))" }
    let terms =
      record.terms.count > 1 ? record.terms.sorted { $0.key < $1.key }.map { "\($0.key) \(format($0.value))" } : []
    Console.log(
      "\(record.phase): epoch \(record.epoch)" + (pace.epochs > 0 ? "/\(pace.epochs)" : "")
        + "  loss \(format(record.loss))"
        + (terms.isEmpty ? "" : " (\(terms.joined(separator: ", ")))")
        + (scores.isEmpty ? "" : "  " + scores.joined(separator: ", "))
        + (record.isBest && !scores.isEmpty ? "  best" : "")
        + "  \(duration(record.seconds))")
  }

  private func progress(_ what: String, _ done: Int, _ total: Int) {
    if isTerminal {
      if isTimeToDraw(last: done == total) { draw(what, done, total, "\(done)/\(total)") }
      if done == total { Console.progress(nil) }
    } else if done == total {
      Console.log("\(what): \(total) sequences")
    }
  }

  private func isTimeToDraw(last: Bool) -> Bool {
    guard last || lastDrawn.duration(to: .now) > .milliseconds(100) else { return false }
    lastDrawn = .now
    return true
  }

  private func draw(_ what: String, _ done: Int, _ total: Int, _ figures: String) {
    let line = ProgressLine(what: what, share: total == 0 ? 0 : Double(done) / Double(total), figures: figures)
    Console.progress { line.text(columns: $0) }
  }

  private func format(_ value: Double) -> String {
    String(format: "%.4f", locale: Locale(identifier: "en_US_POSIX"), value)
  }

  private func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return whole < 60
      ? "\(whole) s" : whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole / 60 % 60) min"
  }
}
