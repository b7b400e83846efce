import DistillCore
import Foundation

/// What one change adds to a state: entries, removals and labels. It is a folder that is never written again.
struct KnowledgeSegment {
  /// The difference to the state before.
  struct Difference: Codable {
    var removed: [Int] = []
    /// New labels by the number of the entry.
    var relabelled: [Int: String] = [:]
  }

  var added: [KnowledgeEntry] = []
  var keys: Matrix?
  var softLabels: Matrix?
  /// The numbers of the entries that have soft labels.
  var softEntries: [Int] = []
  var difference = Difference()

  var softLabelsByEntry: [Int: [Float]] {
    guard let softLabels else { return [:] }
    return Dictionary(softEntries.enumerated().map { ($0.element, Array(softLabels.row($0.offset))) }) { $1 }
  }

  private static let entries = "entries.jsonl"
  private static let numbers = "keys.safetensors"
  private static let changes = "difference.json"

  init() {}

  init(adding addition: KnowledgeAddition, from first: Int) {
    added = addition.entries.enumerated().map { offset, entry in
      var entry = entry
      entry.id = first + offset
      return entry
    }
    (keys, softLabels) = (addition.keys, addition.softLabels)
    softEntries = addition.softRows.map { first + $0 }
  }

  /// Writes the segment as a sealed folder.
  func write(to folder: URL) throws {
    try SealedFolder.write(to: folder) { folder in
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      if let keys {
        var text = Data()
        for entry in added {
          text += try encoder.encode(entry)
          text.append(UInt8(ascii: "\n"))
        }
        try AtomicFile.write(text, to: folder.appending(path: Self.entries))
        var writer = SafetensorsWriter()
        writer.add("keys", shape: [keys.rows, keys.columns]) { keys.values }
        if let softLabels {
          writer.add("soft_labels", shape: [softLabels.rows, softLabels.columns]) { softLabels.values }
          writer.add("soft_entries", shape: [softEntries.count]) { softEntries.map(Int64.init) }
        }
        try writer.write(to: folder.appending(path: Self.numbers))
      }
      try AtomicFile.write(encoder.encode(difference), to: folder.appending(path: Self.changes))
    }
  }

  /// Reads a segment and checks its checksums.
  ///
  /// - Throws: `FormatError` if it is missing or damaged.
  init(_ folder: URL, width: Int) throws {
    try SealedFolder.check(folder)
    let decoder = JSONDecoder()
    func damaged(_ name: String) -> FormatError {
      FormatError(file: folder.appending(path: name), "is damaged, or not part of a knowledge base")
    }
    guard
      let read = try? decoder.decode(
        Difference.self, from: FileSystem.contents(of: folder.appending(path: Self.changes)))
    else { throw damaged(Self.changes) }
    difference = read
    let file = folder.appending(path: Self.entries)
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    let lines = try FileSystem.contents(of: file).split(separator: UInt8(ascii: "\n"))
    added = lines.compactMap { try? decoder.decode(KnowledgeEntry.self, from: Data($0)) }
    let reader = try SafetensorsReader(folder.appending(path: Self.numbers))
    guard added.count == lines.count, added.allSatisfy({ $0.id >= 0 }) else { throw damaged(Self.entries) }
    guard reader.tensors["keys"]?.shape == [added.count, width] else { throw damaged(Self.numbers) }
    let values = try reader.floats(named: "keys")
    guard values.allSatisfy(\.isFinite) else { throw damaged(Self.numbers) }
    keys = Matrix(rows: added.count, columns: width, values: values)
    guard let shape = reader.tensors["soft_labels"]?.shape else { return }
    softEntries = try reader.integers(named: "soft_entries").map(Int.init)
    let soft = try reader.floats(named: "soft_labels")
    guard shape.count == 2, shape[0] == softEntries.count, soft.allSatisfy(\.isFinite) else {
      throw damaged(Self.numbers)
    }
    softLabels = Matrix(rows: shape[0], columns: shape[1], values: soft)
  }
}
