import DistillCore
import Foundation

/// A change of a knowledge base, as its history lists it.
public struct KnowledgeChange: Sendable, Equatable, Codable {
  public enum Action: String, Sendable, Codable { case make, add, remove, relabel, revert, compact }

  /// The place of the change in the history, counted from 1.
  public let number: Int
  public let action: Action
  public internal(set) var time: Date
  /// The number of entries that the change concerns.
  public let count: Int
  /// The number of entries after it.
  public let size: Int
  /// What was done, in words.
  public let note: String
  /// The change whose state this one extends, or `nil` if it begins anew.
  let base: Int?
  /// The folder of what it adds to that state, or `nil` if that is nothing.
  let segment: String?
}

/// `manifest.json`: the history of a knowledge base, whose last change is the current state.
struct KnowledgeManifest: Codable {
  static let format = 1

  var format = KnowledgeManifest.format
  /// D, the width of a key.
  let width: Int
  /// The labels that the columns of soft labels belong to. Empty for regression.
  let labels: [String]
  /// The number of the next entry.
  var nextEntry = 0
  var changes: [KnowledgeChange] = []
  /// The first change that can be restored. The segments of those before it were removed by a compaction.
  var firstRestorable = 1
  /// The SHA-256 checksum of everything above, except for the times, which differ between equal knowledge bases.
  private var checksum: String?

  init(width: Int, labels: [String]) { (self.width, self.labels) = (width, labels) }

  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.dateEncodingStrategy = .iso8601
    return encoder
  }

  private func sum() throws -> String {
    var manifest = self
    manifest.checksum = nil
    for index in changes.indices { manifest.changes[index].time = Date(timeIntervalSince1970: 0) }
    return Checksum.hexDigest(of: try Self.encoder.encode(manifest))
  }

  /// Reads a manifest and checks its checksum.
  ///
  /// - Throws: `FormatError` if the file is missing or damaged.
  init(_ file: URL) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.dateDecodingStrategy = .iso8601
    guard let read = try? decoder.decode(KnowledgeManifest.self, from: FileSystem.contents(of: file)),
      read.format == Self.format, try read.checksum == read.sum(), !read.changes.isEmpty, read.width > 0
    else { throw FormatError(file: file, "is damaged, or not the manifest of a knowledge base of this version") }
    self = read
  }

  func write(to file: URL) throws {
    var manifest = self
    manifest.checksum = try sum()
    try AtomicFile.write(Self.encoder.encode(manifest), to: file)
  }

  /// Returns the change that has made the state after another one: an earlier change, if that has gone back to it or has only written it anew.
  func origin(of change: Int) -> Int {
    guard let found = changes.first(where: { $0.number == change }) else { return change }
    switch found.action {
    case .revert: return found.base.map(origin) ?? change
    case .compact: return change > 1 ? origin(of: change - 1) : change
    default: return change
    }
  }

  /// Returns the changes that a state consists of, each as its ``origin(of:)``.
  func history(of change: Int) -> Set<Int> {
    var (history, next) = (Set<Int>(), Optional(change))
    while let number = next.map(origin) {
      history.insert(number)
      next = changes.first { $0.number == number }?.base.flatMap { $0 < number ? $0 : nil }
    }
    return history
  }

  /// Returns the segments of a state, in the order in which they apply, with the numbers of their changes.
  func segments(of change: Int) -> [(name: String, number: Int)] {
    var (segments, next) = ([(name: String, number: Int)](), Optional(change))
    while let number = next, let change = changes.first(where: { $0.number == number }) {
      if let segment = change.segment { segments.append((segment, number)) }
      next = change.base.flatMap { $0 < number ? $0 : nil }
    }
    return segments.reversed()
  }
}
