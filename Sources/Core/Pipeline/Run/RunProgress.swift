import DistillCore
import DistillTraining
import Foundation

/// What a run is doing, for those who watch it: the contents of `progress.json`, which stands beside the checkpoints and goes with
/// them when the run is done.
struct RunProgress: Codable, Equatable {
  /// The length of a training, which `metrics.jsonl` does not tell.
  struct Training: Codable, Equatable {
    let phase: String
    let epochs: Int
    let stepsPerEpoch: Int
  }
  /// Work other than training: `done` of `total` examples.
  struct Work: Codable, Equatable {
    let what: String
    let done: Int
    let total: Int
  }

  /// The trainings so far, in their order.
  var trainings: [Training] = []
  /// The work that is going on, or `nil` in a training.
  var work: Work?

  init() {}

  /// Reads the file. Returns `nil` if it is missing or just being written.
  init?(_ url: URL) {
    guard let data = try? FileSystem.contents(of: url),
      let progress = try? JSONDecoder.snakeCase.decode(RunProgress.self, from: Data(data))
    else { return nil }
    self = progress
  }
}

/// Writes `progress.json` while a run goes on.
///
/// The file is written over without a temporary one and without flushing, because it is worth nothing after a crash. A failure is
/// ignored, because it should not end a training.
final class RunProgressLog {
  private let url: URL
  private var progress: RunProgress
  private var written = ContinuousClock.now

  init(_ url: URL) {
    self.url = url
    progress = RunProgress(url) ?? RunProgress()
  }

  func note(_ event: TrainingEvent) {
    var next = progress
    switch event {
    case .began(let phase, let epochs, let stepsPerEpoch, _):
      next.trainings.removeAll { $0.phase == phase }
      next.trainings.append(RunProgress.Training(phase: phase, epochs: epochs, stepsPerEpoch: stepsPerEpoch))
      next.work = nil
    case .step, .ended: next.work = nil
    case .progress(let what, let done, let total):
      next.work = done < total ? RunProgress.Work(what: what, done: done, total: total) : nil
      // Within a piece of work, once a second is enough.
      if next.work?.what == progress.work?.what, written.duration(to: .now) < .seconds(1) { return }
    case .epoch, .stage, .note: return
    }
    if next == progress { return }
    (progress, written) = (next, .now)
    try? FileSystem.makeFolder(url.deletingLastPathComponent())
    try? JSONEncoder.pretty.encode(progress).write(to: url)
  }
}
