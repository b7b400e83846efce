import DistillCore
import Foundation

/// Everything that is needed to resume a training: parameters, moments of the optimiser, the best parameters so far, and the
/// place.
struct Checkpoint {
  /// The part of a checkpoint that is small enough for JSON. It is stored in the metadata of the file.
  struct Place: Codable {
    var phase: String
    /// Everything that the result depends on. A checkpoint with another provenance is refused.
    var provenance: Provenance
    var step: Int
    var bestEpoch: Int
    var bestScores: [Score]
    var epochsWithoutGain: Int
    var isFinished: Bool
    var objective: SchedulerState
    /// The sums of the loss and of the terms over the finished steps of the current epoch, from which its means are computed.
    var lossSum: Double
    var termSums: [String: Double]
    /// The number of steps of the current epoch in which each term was active.
    var termCounts: [String: Int]
  }

  var place: Place
  var values: [[Float]]
  var best: [[Float]]
  var optimisers: [AdamW.State]

  /// The version of the file format, which is part of the provenance.
  static let format = "2"
  private static let key = "distill.checkpoint"

  func write(to url: URL) throws {
    let place = String(decoding: try JSONEncoder.sorted.encode(place), as: UTF8.self)
    var writer = SafetensorsWriter(metadata: [Self.key: place], sealed: true)
    for (i, optimiser) in optimisers.enumerated() {
      let parts = [
        ("values", values[i]), ("best", best[i]), ("first", optimiser.first), ("second", optimiser.second),
      ]
      for (name, numbers) in parts { writer.add("\(name).\(i)", shape: [numbers.count]) { numbers } }
      writer.add("steps.\(i)", shape: [optimiser.steps.count]) { optimiser.steps.map(Int64.init) }
    }
    try writer.write(to: url)
  }

  /// Reads a checkpoint.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - stores: The parameters that the checkpoint must fit.
  ///   - steps: The number of steps of the whole training.
  /// - Throws: ``FormatError`` if the file is damaged or is not a checkpoint of these parameters.
  init(_ url: URL, of stores: [ParameterStore], steps: Int) throws {
    let reader = try SafetensorsReader(url)
    try reader.checkSeal()
    guard let text = reader.metadata[Self.key],
      let place = try? JSONDecoder().decode(Place.self, from: Data(text.utf8))
    else { throw FormatError(file: url, "is not a checkpoint") }
    guard 0...steps ~= place.step, 0...place.step ~= place.bestEpoch, 0...place.step ~= place.epochsWithoutGain else {
      throw FormatError(file: url, "tells of step \(place.step), and the training has \(steps)")
    }
    self.place = place
    (values, best, optimisers) = ([], [], [])
    for (i, store) in stores.enumerated() {
      func check(_ name: String, _ count: Int) throws {
        guard reader.tensors["\(name).\(i)"]?.shape == [count] else {
          throw FormatError(file: url, "is a checkpoint of another model")
        }
      }
      let size = store.snapshot.count
      func numbers(_ name: String) throws -> [Float] {
        try check(name, size)
        return try reader.floats(named: "\(name).\(i)")
      }
      values.append(try numbers("values"))
      best.append(try numbers("best"))
      try check("steps", store.parameters.count)
      let steps = try reader.integers(named: "steps.\(i)").map(Int.init)
      optimisers.append(AdamW.State(steps: steps, first: try numbers("first"), second: try numbers("second")))
    }
  }

  init(place: Place, values: [[Float]], best: [[Float]], optimisers: [AdamW.State]) {
    (self.place, self.values, self.best, self.optimisers) = (place, values, best, optimisers)
  }
}

extension JSONEncoder {
  static var sorted: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return encoder
  }
}

/// The folder with the checkpoints of one phase. It keeps the newest two, so that one of them is intact if the other is
/// damaged.
struct CheckpointFolder {
  let folder: URL

  private func files() -> [URL] {
    let all = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    return all.filter { $0.lastPathComponent.hasPrefix("step-") && $0.pathExtension == "safetensors" }
      .sorted { $0.lastPathComponent > $1.lastPathComponent }
  }

  func write(_ checkpoint: Checkpoint) throws {
    try FileSystem.makeFolder(folder)
    // With leading zeros, the order of the names is the order of the steps.
    let digits = String(checkpoint.place.step)
    let name = "step-" + String(repeating: "0", count: max(0, 9 - digits.count)) + digits + ".safetensors"
    try checkpoint.write(to: folder.appending(path: name))
    for old in files().dropFirst(2) { try FileSystem.remove(old) }
  }

  func removeAll() throws {
    for old in files() { try FileSystem.remove(old) }
  }

  /// Returns the newest checkpoint that can be read. The errors of newer ones are passed to `skipped`.
  func newest(of stores: [ParameterStore], steps: Int, skipped: (String) -> Void) -> (Checkpoint, URL)? {
    for file in files() {
      do {
        return (try Checkpoint(file, of: stores, steps: steps), file)
      } catch {
        skipped("\(error)")
      }
    }
    return nil
  }
}
