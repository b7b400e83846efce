import DistillCore
import Foundation

/// Everything that a training needs to go on: parameters, moments, the best so far, and where it stood.
struct Checkpoint {
  /// What fits in a line of JSON.
  struct Place: Codable {
    var phase: String
    /// Digest of everything that decides about the result: a checkpoint of other settings is refused.
    var fingerprint: String
    var step: Int
    var bestEpoch: Int
    var bestScores: [Score]
    var epochsWithoutGain: Int
    var isFinished: Bool
    var objective: SchedulerState
    /// Over all numbers of the file.
    var checksum: UInt64 = 0
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

  private static let key = "distill.checkpoint"

  /// 64-bit FNV-1a over the bits of all numbers: against damage, not against malice.
  private var checksum: UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for numbers in values + best + optimisers.flatMap({ [$0.first, $0.second] }) {
      for number in numbers { hash = (hash ^ UInt64(number.bitPattern)) &* 0x100_0000_01B3 }
    }
    return hash
  }

  func write(to url: URL) throws {
    var place = place
    place.checksum = checksum
    var writer = SafetensorsWriter(metadata: [
      Self.key: String(decoding: try JSONEncoder.sorted.encode(place), as: UTF8.self)
    ])
    for (i, optimiser) in optimisers.enumerated() {
      let parts = [
        ("values", values[i]), ("best", best[i]), ("first", optimiser.first), ("second", optimiser.second),
      ]
      for (name, numbers) in parts { writer.add("\(name).\(i)", shape: [numbers.count]) { numbers } }
      writer.add("steps.\(i)", shape: [optimiser.steps.count]) { optimiser.steps.map(Int64.init) }
    }
    try writer.write(to: url)
  }

  /// - Throws: ``FormatError`` for a file that is no whole checkpoint of these stores.
  init(_ url: URL, of stores: [ParameterStore]) throws {
    let reader = try SafetensorsReader(url)
    guard let text = reader.metadata[Self.key],
      let place = try? JSONDecoder().decode(Place.self, from: Data(text.utf8))
    else { throw FormatError(file: url, "is not a checkpoint") }
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
    guard checksum == place.checksum else { throw FormatError(file: url, "is damaged: its checksum is wrong") }
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
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let digits = String(checkpoint.place.step)
    let name = "step-" + String(repeating: "0", count: max(0, 9 - digits.count)) + digits + ".safetensors"
    try checkpoint.write(to: folder.appending(path: name))
    for old in files().dropFirst(2) { try FileManager.default.removeItem(at: old) }
  }

  func removeAll() throws {
    for old in files() { try FileManager.default.removeItem(at: old) }
  }

  /// The newest one that can be read; those that cannot are told to `skipped`.
  func newest(of stores: [ParameterStore], skipped: (String) -> Void) -> (Checkpoint, URL)? {
    for file in files() {
      do {
        return (try Checkpoint(file, of: stores), file)
      } catch {
        skipped("\(error)")
      }
    }
    return nil
  }
}
