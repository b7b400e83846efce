import DistillCore
import Foundation

/// Where a run keeps what.
public struct RunFolder: Sendable {
  public let url: URL
  public init(_ url: URL) { self.url = url }

  /// Whether a run could begin or go on here: nothing is written.
  /// - Throws: ``RunError`` where something else lies at the path, or no folder can be made.
  func check() throws {
    let manager = FileManager.default
    func type(_ url: URL) -> FileAttributeType? {
      let path = url.resolvingSymlinksInPath().path
      return try? manager.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    }
    var folder = url.standardizedFileURL
    while type(folder) == nil, folder.pathComponents.count > 1 { folder.deleteLastPathComponent() }
    guard type(folder) == .typeDirectory else { throw RunError.notAFolder(url.path, isFile: folder.path) }
    guard manager.isWritableFile(atPath: folder.path) else { throw RunError.notWritable(folder.path) }
    let isEmpty = (try? manager.contentsOfDirectory(atPath: url.path))?.isEmpty ?? true
    if !isEmpty, (try? RunRecord(record)) == nil { throw RunError.notARun(url.path) }
  }

  public var pipeline: URL { url.appending(path: "pipeline.yaml") }
  public var record: URL { url.appending(path: "run.json") }
  public var teacher: URL { url.appending(path: "teacher") }
  public var student: URL { url.appending(path: "student") }
  public var knowledgeBase: URL { url.appending(path: "knowledge-base") }
  public var checkpoints: URL { url.appending(path: "checkpoints") }
  public var metrics: URL { url.appending(path: "metrics.jsonl") }
  public var report: URL { url.appending(path: "report.json") }
  public var page: URL { url.appending(path: "report.html") }
  /// Everything that a run writes.
  var parts: [URL] {
    [pipeline, record, teacher, student, knowledgeBase, checkpoints, metrics, report, page]
  }
  /// Prepared teachers are shared by the runs beside each other.
  public var preparedTeachers: URL { url.deletingLastPathComponent().appending(path: "prepared-teachers") }
  /// So are their answers.
  public var teacherAnswers: URL { url.deletingLastPathComponent().appending(path: "teacher-answers") }
}

/// `run.json`: how a run came about.
public struct RunRecord: Codable, Sendable {
  public static let format = 1

  public var format = RunRecord.format
  public var name: String
  /// Digest of options and data: only a run of the same is gone on with.
  public var fingerprint: String
  public var seed: Int
  public var threads: Int
  public var instructionSet: String
  public var layerMap: [[Int]]
  /// What the knowledge base is mixed in with: as given, or as chosen on the held-out examples.
  public var mixing: Mixing?
  /// Seconds that each stage took.
  public var seconds: [String: Double]
  /// Most memory at once, in bytes; of the last process where the run was resumed.
  public var peakMemory: Int?
  /// Set when everything is written.
  public var isComplete: Bool

  func write(to url: URL) throws { try AtomicFile.write(JSONEncoder.pretty.encode(self), to: url) }

  /// - Throws: `FormatError` for a file that is no record of a run.
  public init(_ url: URL) throws {
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw FormatError(file: url, "cannot be read; is this the folder of a run?")
    }
    guard let record = try? JSONDecoder.snakeCase.decode(RunRecord.self, from: data), record.format == Self.format
    else {
      throw FormatError(file: url, "is not the record of a run of this version")
    }
    self = record
  }

  init(
    name: String, fingerprint: String, seed: Int, threads: Int, instructionSet: String, layerMap: [[Int]]
  ) {
    (self.name, self.fingerprint, self.seed, self.threads) = (name, fingerprint, seed, threads)
    (self.instructionSet, self.layerMap) = (instructionSet, layerMap)
    (mixing, seconds, peakMemory, isComplete) = (nil, [:], nil, false)
  }
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
