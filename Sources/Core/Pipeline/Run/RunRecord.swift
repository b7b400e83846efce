import DistillCore
import Foundation

/// The contents of `run.json`, which describes how a run was made.
package struct RunRecord: Codable, Sendable {
  package static let format = 2

  package var format = RunRecord.format
  package var name: String
  /// The version of the program that made the run, or `nil` for a run from before versions were recorded.
  package var version: String?
  /// Everything that the results of the run depend on. A run is resumed only if this is unchanged.
  package var provenance: Provenance
  package var seed: Int
  /// The number of threads, which affects nothing but the time.
  package var threads: Int
  package var layerMap: [[Int]]
  /// The settings for mixing in the knowledge base, either as given or as chosen on the held-out examples.
  package var mixing: Mixing?
  /// The distance to the nearest key beyond which a text counted as unknown in version 0.6.0. It is read for the checksum alone.
  private var noveltyThreshold: Float?
  /// The novelty beyond which a text counts as unknown. `nil` if no texts were held out to choose it.
  package var unknownBeyond: Float?
  /// Where several labels can apply, the probabilities from which on teacher, student and student with knowledge base give one, by the
  /// names of their rows in the report. They were chosen on held-out texts.
  package var thresholds: [String: Float]?
  /// T of the student's probabilities that fits the held-out texts best, for the calibration in the report. `nil` without such texts, and
  /// for tasks of other kinds.
  package var temperature: Float?
  /// The seconds that each stage has taken.
  package var seconds: [String: Double]
  /// The sum of ``seconds``, in an order that is the same for every process.
  var totalSeconds: Double { seconds.values.sorted().reduce(0, +) }
  /// The largest amount of memory in use at one time, in bytes. If the run was resumed, it is that of the last process.
  package var peakMemory: Int?
  /// Whether everything has been written.
  package var isComplete: Bool
  /// The SHA-256 checksum of `pipeline.yaml` without the lines that say where files are, so that these may be edited later.
  package var pipelineChecksum: String?
  /// The SHA-256 checksum of everything above, except for times, memory and the number of threads, which are different each
  /// time.
  private var checksum: String?

  package init(name: String, provenance: Provenance, seed: Int, threads: Int, layerMap: [[Int]]) {
    (self.name, self.provenance, self.seed, self.threads, self.layerMap) = (name, provenance, seed, threads, layerMap)
    (mixing, seconds, peakMemory, isComplete) = (nil, [:], nil, false)
    version = SwiftDistill.version
  }

  private func sum() throws -> String {
    var record = self
    (record.checksum, record.seconds, record.peakMemory, record.threads) = (nil, [:], nil, 0)
    return Checksum.hexDigest(of: try JSONEncoder.pretty.encode(record))
  }

  package func write(to url: URL) throws {
    var record = self
    record.checksum = try sum()
    try AtomicFile.write(JSONEncoder.pretty.encode(record), to: url)
  }

  /// Reads a record and checks its checksum.
  ///
  /// - Throws: `FormatError` if the file is missing, damaged, or not the record of a run.
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

/// The first format of records, without provenance and checksums. Such a run can be used for answers, but not resumed.
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

  /// Returns the checksum of a pipeline file without the lines whose value is an absolute path.
  static func checksum(ofPipeline text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let counting = lines.filter { $0.prefixMatch(of: /\ *[a-z_]+: "?\//) == nil }
    return Checksum.hexDigest(of: counting.joined(separator: "\n").utf8)
  }

  /// Whether the folders of the run have checksums.
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
