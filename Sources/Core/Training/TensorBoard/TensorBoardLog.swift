import DistillCore
import Foundation

/// The records of `metrics.jsonl` as event files of TensorBoard, in a folder for each phase.
///
/// | tag | value |
/// |---|---|
/// | `loss`, `learning_rate`, `gradient_norm` | as in the record of the step |
/// | `terms/NAME` | the unweighted value of the term |
/// | `epoch/loss`, `scores/METRIC` | as in the record of the epoch |
/// | `schedule/stage` | the number of the stage, from 1, at the step that led to it; `schedule/reason` is the text about it |
final class TensorBoardLog {
  private let folder: URL
  private var files: [String: EventFile] = [:]
  /// What was there before this process, with estimated times.
  private var old: [(record: MetricsRecord, time: Date)] = []

  /// Begins the event files with the records that `metrics.jsonl` contains, whatever files are there.
  ///
  /// The records have no times, so these are counted back from the last record, by the seconds that the steps took.
  ///
  /// - Parameters:
  ///   - folder: The folder, which is created.
  ///   - records: The records of the run before it was interrupted.
  ///   - end: When the last of them was written.
  init(_ folder: URL, records: [MetricsRecord], endedAt end: Date) throws {
    self.folder = folder
    func seconds(_ record: MetricsRecord) -> Double { if case .step(let step) = record { step.seconds } else { 0 } }
    var time = end.addingTimeInterval(-records.map(seconds).reduce(0, +))
    for record in records {
      time += seconds(record)
      old.append((record, time))
      try write(record, at: time)
    }
  }

  func write(_ record: MetricsRecord, at time: Date) throws {
    let file = try files[record.phase] ?? EventFile(in: folder, phase: record.phase, at: time)
    files[record.phase] = file
    try file.write(record, at: time)
  }

  /// Writes the file of a phase again, with the records up to a step.
  func rewind(phase: String, toStep step: Int) throws {
    old.removeAll { $0.record.phase == phase && $0.record.step > step }
    files[phase] = nil
    let kept = old.filter { $0.record.phase == phase }
    files[phase] = try EventFile(in: folder, phase: phase, at: kept.first?.time ?? .now)
    for (record, time) in kept { try write(record, at: time) }
  }
}

/// The event file of a phase.
private final class EventFile {
  private let writer: TFRecordWriter
  private var stage = 1

  init(in folder: URL, phase: String, at time: Date) throws {
    let folder = folder.appending(path: TrainingLoop.folderName(ofPhase: phase))
    try FileSystem.makeFolder(folder)
    // The name stays the same when a run is resumed, so that the file is written over. TensorBoard finds it by the word in the middle.
    writer = try TFRecordWriter(folder.appending(path: "events.out.tfevents.distill"))
    try writer.write(SummaryEvent.version(at: time))
  }

  func write(_ record: MetricsRecord, at time: Date) throws {
    var event = SummaryEvent(at: time, step: record.step)
    switch record {
    case .step(let step):
      event.add("loss", step.loss)
      for (name, value) in step.terms.sorted(by: { $0.key < $1.key }) { event.add("terms/\(name)", value) }
      event.add("learning_rate", step.learningRate)
      event.add("gradient_norm", step.gradientNorm)
    case .epoch(let epoch):
      event.add("epoch/loss", epoch.loss)
      for (name, value) in epoch.scores.sorted(by: { $0.key < $1.key }) { event.add("scores/\(name)", value) }
    case .stage(let move):
      if stage == 1 {
        var start = SummaryEvent(at: time, step: 0)
        start.add("schedule/stage", 1)
        try writer.write(start.bytes)
      }
      stage += 1
      event.add("schedule/stage", Double(stage))
      event.add("schedule/reason", "\(move.stage): \(move.reason)")
    }
    try writer.write(event.bytes)
  }
}
