import DistillCore
import Foundation

/// `run.json`: how a run came about.
package struct RunRecord: Codable, Sendable {
  package static let format = 2

  package var format = RunRecord.format
  package var name: String
  /// Of the program that made it; nil for a run of before it was written down.
  package var version: String?
  /// Everything that the run's results depend on: only a run of the same is gone on with.
  package var provenance: Provenance
  package var seed: Int
  /// How many threads it had. Nothing depends on it but the time.
  package var threads: Int
  package var layerMap: [[Int]]
  /// What the knowledge base is mixed in with: as given, or as chosen on the held-out examples.
  package var mixing: Mixing?
  /// Seconds that each stage took.
  package var seconds: [String: Double]
  /// Most memory at once, in bytes; of the last process where the run was resumed.
  package var peakMemory: Int?
  /// Set when everything is written.
  package var isComplete: Bool
  /// SHA-256 of `pipeline.yaml`, but for the lines that say where files lie.
  package var pipelineChecksum: String?
  /// SHA-256 of all of the above, but for what the clock says and the number of threads.
  private var checksum: String?

  init(name: String, provenance: Provenance, seed: Int, threads: Int, layerMap: [[Int]]) {
    (self.name, self.provenance, self.seed, self.threads, self.layerMap) = (name, provenance, seed, threads, layerMap)
    (mixing, seconds, peakMemory, isComplete) = (nil, [:], nil, false)
    version = SwiftDistill.version
  }

  private func sum() throws -> String {
    var record = self
    (record.checksum, record.seconds, record.peakMemory, record.threads) = (nil, [:], nil, 0)
    return Checksum.hexDigest(of: try JSONEncoder.pretty.encode(record))
  }

  func write(to url: URL) throws {
    var record = self
    record.checksum = try sum()
    try AtomicFile.write(JSONEncoder.pretty.encode(record), to: url)
  }

  /// - Throws: `FormatError` for a file that is no record of a run, or a damaged one.
  package init(_ url: URL) throws {
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw FormatError(file: url, "cannot be read; is this the folder of a run?")
    }
    struct Format: Decodable { let format: Int }
    switch (try? JSONDecoder.snakeCase.decode(Format.self, from: data))?.format {
    case 1:
      guard let record = try? JSONDecoder.snakeCase.decode(FirstRunRecord.self, from: data) else { break }
      self.init(record)
      return
    case Self.format:
      guard let record = try? JSONDecoder.snakeCase.decode(RunRecord.self, from: data) else { break }
      guard try record.checksum == record.sum() else {
        throw FormatError(file: url, "is damaged: its checksum is wrong")
      }
      self = record
      return
    default: break
    }
    throw FormatError(file: url, "is damaged, or not the record of a run of this version")
  }
}

/// The format before runs had a provenance and checksums. Such a run answers still; it cannot be gone on with.
private struct FirstRunRecord: Decodable {
  let name: String
  let fingerprint: String
  let seed: Int
  let threads: Int
  let layerMap: [[Int]]
  let mixing: Mixing?
  let seconds: [String: Double]
  let peakMemory: Int?
  let isComplete: Bool
}

extension RunRecord {
  private init(_ first: FirstRunRecord) {
    self.init(
      name: first.name, provenance: Provenance(["fingerprint": first.fingerprint]), seed: first.seed,
      threads: first.threads, layerMap: first.layerMap)
    (format, version, mixing, seconds) = (1, nil, first.mixing, first.seconds)
    (peakMemory, isComplete) = (first.peakMemory, first.isComplete)
  }

  static func checksum(ofPipeline text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let counting = lines.filter { $0.prefixMatch(of: /\ *[a-z_]+: "?\//) == nil }
    return Checksum.hexDigest(of: counting.joined(separator: "\n").utf8)
  }

  /// Whether the run's folders have checksums.
  var isSealed: Bool { format > 1 }
}

extension JSONEncoder {
  static var pretty: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return encoder
  }
}

extension JSONDecoder {
  static var snakeCase: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }
}
