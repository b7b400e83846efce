import DistillCore
import DistillTraining
import Foundation

/// Shows the progress of a run: a bar that is redrawn in place on a terminal, and plain lines in a log.
final class ProgressDisplay {
  private var epochs = 0
  private var stepsPerEpoch = 0
  private var phaseStart = ContinuousClock.now
  private var firstStep = 0
  private var lastDrawn = ContinuousClock.now
  private var bar = RedrawnLine()
  private let isTerminal = Console.isTerminal

  func show(_ event: TrainingEvent) {
    switch event {
    case .began(let phase, let epochs, let stepsPerEpoch, let resumed):
      (self.epochs, self.stepsPerEpoch, firstStep) = (epochs, stepsPerEpoch, resumed)
      phaseStart = .now
      line(
        "\(phase): \(epochs) epochs of \(stepsPerEpoch) steps" + (resumed > 0 ? ", resumed after step \(resumed)" : ""))
    case .step(let record): step(record)
    case .epoch(let record):
      let scores = record.scores.sorted { $0.key < $1.key }.map { "\($0.key) \(format($0.value))" }
      let terms =
        record.terms.count > 1 ? record.terms.sorted { $0.key < $1.key }.map { "\($0.key) \(format($0.value))" } : []
      line(
        "\(record.phase): epoch \(record.epoch)/\(epochs)  loss \(format(record.loss))"
          + (terms.isEmpty ? "" : " (\(terms.joined(separator: ", ")))")
          + (scores.isEmpty ? "" : "  " + scores.joined(separator: ", "))
          + (record.isBest && !scores.isEmpty ? "  best" : "")
          + "  \(duration(record.seconds))")
    case .stage(let record): line("\(record.phase): on to \(record.stage) (\(record.reason))")
    case .ended(let phase, let best, let seconds): line("\(phase): done in \(duration(seconds)), kept epoch \(best)")
    case .progress(let what, let done, let total): progress(what, done, total)
    case .note(let text): line(text)
    }
  }

  private func step(_ record: StepRecord) {
    let total = epochs * stepsPerEpoch
    let elapsed = phaseStart.duration(to: .now) / .seconds(1)
    let left = elapsed / Double(max(record.step - firstStep, 1)) * Double(total - record.step)
    if isTerminal {
      guard isTimeToDraw(last: record.step == total) else { return }
      draw(
        record.phase, record.step, total, "\(record.step)/\(total)  loss \(format(record.loss))  \(duration(left)) left"
      )
    } else {
      // In a log, long epochs also print a line after each quarter.
      let quarter = stepsPerEpoch / 4
      let inEpoch = (record.step - 1) % stepsPerEpoch + 1
      if stepsPerEpoch >= 100, inEpoch % quarter == 0, inEpoch < stepsPerEpoch {
        line("\(record.phase): step \(record.step)/\(total)  loss \(format(record.loss))  \(duration(left)) left")
      }
    }
  }

  private func progress(_ what: String, _ done: Int, _ total: Int) {
    if isTerminal {
      if isTimeToDraw(last: done == total) { draw(what, done, total, "\(done)/\(total)") }
      if done == total { bar.clear() }
    } else if done == total {
      line("\(what): \(total) sequences")
    }
  }

  private func isTimeToDraw(last: Bool) -> Bool {
    guard last || lastDrawn.duration(to: .now) > .milliseconds(100) else { return false }
    lastDrawn = .now
    return true
  }

  private func draw(_ what: String, _ done: Int, _ total: Int, _ figures: String) {
    let line = ProgressLine(what: what, share: total == 0 ? 0 : Double(done) / Double(total), figures: figures)
    bar.redraw { line.text(columns: $0 - 1) }
  }

  private func line(_ text: String) {
    bar.clear()
    Console.error(text)
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
