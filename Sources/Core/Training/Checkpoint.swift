import DistillCore
import Foundation

/// Everything that a training needs to go on: parameters, moments, the best so far, and where it stood.
struct Checkpoint {
  /// What fits in a line of JSON.
  struct Place: Codable {
    var phase: String
    /// Everything that decides about the result: a checkpoint of other settings is refused.
    var provenance: Provenance
    var step: Int
    var bestEpoch: Int
    var bestScores: [Score]
    var epochsWithoutGain: Int
    var isFinished: Bool
    var objective: SchedulerState
    /// Sums over the steps of the epoch at hand.
    var lossSum: Double
    var termSums: [String: Double]
    /// In how many steps of the epoch each term counted.
    var termCounts: [String: Int]
  }

  var place: Place
  var values: [[Float]]
  var best: [[Float]]
  var optimisers: [AdamW.State]

  /// Of the file; part of a checkpoint's provenance.
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

  /// - Parameter steps: of the whole training.
  /// - Throws: ``FormatError`` for a file that is no whole checkpoint of these stores.
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

/// The checkpoints of one phase in a folder: the newest two, so that one is whole whatever happens.
struct CheckpointFolder {
  let folder: URL

  private func files() -> [URL] {
    let all = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    return all.filter { $0.lastPathComponent.hasPrefix("step-") && $0.pathExtension == "safetensors" }
      .sorted { $0.lastPathComponent > $1.lastPathComponent }
  }

  func write(_ checkpoint: Checkpoint) throws {
    try FileSystem.makeFolder(folder)
    let digits = String(checkpoint.place.step)
    let name = "step-" + String(repeating: "0", count: max(0, 9 - digits.count)) + digits + ".safetensors"
    try checkpoint.write(to: folder.appending(path: name))
    for old in files().dropFirst(2) { try FileSystem.remove(old) }
  }

  func removeAll() throws {
    for old in files() { try FileSystem.remove(old) }
  }

  /// The newest one that can be read; those that cannot are told to `skipped`.
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
