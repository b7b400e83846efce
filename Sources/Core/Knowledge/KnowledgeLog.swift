import DistillCore
import Foundation

/// A knowledge base on disk that can be changed while others read it.
///
/// A change writes a folder of its own, `segments/NUMBER-ACTION`, and then replaces `manifest.json`, which lists all changes. Whoever reads
/// therefore sees the state before a change or the one after it, and a process that is killed loses at most the change that it was
/// making. Writers take turns by a lock.
public struct KnowledgeLog: Sendable {
  public let folder: URL

  private var manifestFile: URL { Self.manifest(in: folder) }
  private var segments: URL { folder.appending(path: "segments") }

  /// The file that each change replaces.
  package static func manifest(in folder: URL) -> URL { folder.appending(path: "manifest.json") }

  /// Returns whether a folder contains a knowledge base that can be changed.
  public static func exists(at folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: KnowledgeLog(folder).manifestFile.path)
  }

  /// Opens a knowledge base. Nothing is read yet.
  public init(_ folder: URL) { self.folder = folder }

  /// Makes a knowledge base in an empty folder.
  ///
  /// - Parameters:
  ///   - folder: The folder, which must exist.
  ///   - addition: The first entries.
  ///   - labels: The labels of the columns of soft labels. Empty for regression.
  ///   - note: What was done, in words.
  /// - Throws: `FormatError` if something cannot be written.
  public static func make(
    in folder: URL, _ addition: KnowledgeAddition, labels: [String], note: String
  ) throws -> KnowledgeLog {
    let log = KnowledgeLog(folder)
    var manifest = KnowledgeManifest(width: addition.keys.columns, labels: labels)
    try log.commit(
      &manifest, .make, KnowledgeSegment(adding: addition, from: 0), count: addition.entries.count,
      size: addition.entries.count, note)
    return log
  }

  // MARK: reading

  /// The labels that the columns of soft labels belong to. Empty for regression.
  public func softLabelNames() throws -> [String] { try manifest().labels }

  /// All changes, the oldest first.
  public func history() throws -> [KnowledgeChange] { try manifest().changes }

  /// Returns whether the state after one change is that after another, or one that the other was made from. A revert leads to the state that
  /// it names, and a compaction to the one before it.
  package func isPart(_ change: Int, of other: Int) throws -> Bool {
    let manifest = try manifest()
    return manifest.history(of: other).contains(manifest.origin(of: change))
  }

  /// Returns the current state.
  ///
  /// - Throws: `FormatError` if a file is missing or damaged.
  public func snapshot() throws -> KnowledgeState {
    while true {
      let manifest = try manifest()
      do { return try state(manifest, manifest.changes.last?.number ?? 0) } catch {
        // A compaction may have removed segments after the manifest was read. The new one does not name them.
        let now = try self.manifest()
        if now.changes == manifest.changes { throw error }
      }
    }
  }

  private func manifest() throws -> KnowledgeManifest { try KnowledgeManifest(manifestFile) }

  private func state(_ manifest: KnowledgeManifest, _ change: Int) throws -> KnowledgeState {
    var entries: [Int: (entry: KnowledgeEntry, segment: Int, row: Int)] = [:]
    var removed: [Int: (segment: Int, row: Int)] = [:]
    var (keys, soft, lastAddition) = ([Matrix](), [Int: [Float]](), 0)
    for (name, number) in manifest.segments(of: change) {
      let segment = try KnowledgeSegment(segments.appending(path: name), width: manifest.width)
      for (row, entry) in segment.added.enumerated() { entries[entry.id] = (entry, keys.count, row) }
      if !segment.added.isEmpty { lastAddition = number }
      keys.append(segment.keys ?? Matrix(rows: 0, columns: manifest.width, values: []))
      soft.merge(segment.softLabelsByEntry) { $1 }
      for id in segment.difference.removed {
        removed[id] = entries.removeValue(forKey: id).map { ($0.segment, $0.row) }
      }
      for (id, label) in segment.difference.relabelled {
        entries[id]?.entry.label = label
        soft[id] = nil
      }
    }
    func matrix(_ places: [(segment: Int, row: Int)]) -> Matrix {
      Matrix(rows: places.count, columns: manifest.width, values: places.flatMap { keys[$0.segment].row($0.row) })
    }
    let ordered = entries.values.sorted { $0.entry.id < $1.entry.id }
    let gone = removed.sorted { $0.key < $1.key }
    return KnowledgeState(
      change: change, entries: ordered.map(\.entry), keys: matrix(ordered.map { ($0.segment, $0.row) }),
      softLabels: soft.filter { entries[$0.key] != nil }, removed: gone.map(\.key),
      removedKeys: matrix(gone.map(\.value)), lastAddition: lastAddition)
  }

  // MARK: changing

  /// Adds entries, and returns their numbers.
  ///
  /// - Throws: `ContractError` if the keys have another width or are not finite, ``Busy`` if another process is changing it.
  @discardableResult
  public func add(_ addition: KnowledgeAddition, note: String) throws -> Range<Int> {
    guard addition.keys.values.allSatisfy(\.isFinite) else { throw ContractError("a key is not finite") }
    return try changing { manifest, size in
      guard addition.keys.columns == manifest.width else {
        throw ContractError("keys of width \(addition.keys.columns); this knowledge base has \(manifest.width)")
      }
      let first = manifest.nextEntry
      try commit(
        &manifest, .add, KnowledgeSegment(adding: addition, from: first), count: addition.entries.count,
        size: size + addition.entries.count, note)
      return first..<first + addition.entries.count
    }
  }

  /// Removes entries.
  ///
  /// - Throws: `ContractError` if there is no entry of a number, or if nothing would be left.
  public func remove(_ ids: [Int], note: String) throws {
    try changing(ids) { manifest, size in
      guard ids.count < size else { throw ContractError("nothing would be left in the knowledge base") }
      var segment = KnowledgeSegment()
      segment.difference.removed = ids.sorted()
      try commit(&manifest, .remove, segment, count: ids.count, size: size - ids.count, note)
    }
  }

  /// Gives entries other labels. What the teacher said about them is forgotten, or it would count instead where soft labels do.
  ///
  /// - Throws: `ContractError` if there is no entry of a number.
  public func relabel(_ labels: [Int: String], note: String) throws {
    try changing(Array(labels.keys)) { manifest, size in
      var segment = KnowledgeSegment()
      segment.difference.relabelled = labels
      try commit(&manifest, .relabel, segment, count: labels.count, size: size, note)
    }
  }

  /// Goes back to the state after an earlier change. The changes in between stay in the history, and can be gone back to as well.
  ///
  /// - Throws: `ContractError` if there is no such change, or if a compaction has removed what it needs.
  public func revert(to number: Int) throws {
    try changing { manifest, _ in
      guard let change = manifest.changes.first(where: { $0.number == number }) else {
        throw ContractError("there is no change \(number); the last one is \(manifest.changes.count)")
      }
      guard number >= manifest.firstRestorable else {
        throw ContractError(
          "change \(number) cannot be restored: the compaction \(manifest.firstRestorable) has removed what it needs")
      }
      append(&manifest, .revert, base: number, segment: nil, count: 0, size: change.size, "to change \(number)")
      try manifest.write(to: manifestFile)
    }
  }

  /// Writes the current state as one segment, and removes all others. Earlier states cannot be restored after it.
  public func compact() throws {
    try changing { manifest, _ in
      let state = try state(manifest, manifest.changes.last?.number ?? 0)
      var segment = KnowledgeSegment()
      (segment.added, segment.keys) = (state.entries, state.keys)
      segment.softEntries = state.softLabels.keys.sorted()
      if !segment.softEntries.isEmpty {
        let rows = segment.softEntries.compactMap { state.softLabels[$0] }
        segment.softLabels = Matrix(rows: rows.count, columns: rows[0].count, values: rows.flatMap(\.self))
      }
      let number = manifest.changes.count + 1
      manifest.firstRestorable = number
      try commit(&manifest, .compact, segment, count: 0, size: state.entries.count, "", beginsAnew: true)
      removeUnused(manifest)
    }
  }

  /// The error that another process is changing the knowledge base.
  public struct Busy: Error, CustomStringConvertible, Sendable {
    public let description: String
  }

  /// Calls `body` with the manifest and the number of entries, while no other process changes anything.
  private func changing<T>(_ ids: [Int] = [], _ body: (inout KnowledgeManifest, Int) throws -> T) throws -> T {
    let lock: FileLock
    do { lock = try FileLock(folder.appending(path: ".lock")) } catch let held as FileLock.Held {
      throw Busy(description: "\(folder.path) is being changed by \(held.holder)")
    }
    defer { withExtendedLifetime(lock) {} }
    var manifest = try manifest()
    removeUnused(manifest)
    let last = manifest.changes.last
    if !ids.isEmpty {
      let known = Set(try state(manifest, last?.number ?? 0).entries.map(\.id))
      if let wrong = ids.first(where: { !known.contains($0) }) { throw ContractError("there is no entry \(wrong)") }
    }
    return try body(&manifest, last?.size ?? 0)
  }

  /// Writes a segment, and then the manifest that names it.
  private func commit(
    _ manifest: inout KnowledgeManifest, _ action: KnowledgeChange.Action, _ segment: KnowledgeSegment, count: Int,
    size: Int, _ note: String, beginsAnew: Bool = false
  ) throws {
    try FileSystem.makeFolder(segments)
    let number = manifest.changes.count + 1
    let digits = String(number)
    let name = String(repeating: "0", count: max(0, 6 - digits.count)) + digits + "-\(action.rawValue)"
    let folder = segments.appending(path: name)
    try FileSystem.remove(folder)  // a process may have been killed after it wrote this, and before the manifest
    try segment.write(to: folder)
    manifest.nextEntry = max(manifest.nextEntry, (segment.added.last?.id ?? -1) + 1)
    append(
      &manifest, action, base: beginsAnew ? nil : manifest.changes.last?.number, segment: name, count: count,
      size: size,
      note)
    try manifest.write(to: manifestFile)
  }

  private func append(
    _ manifest: inout KnowledgeManifest, _ action: KnowledgeChange.Action, base: Int?, segment: String?, count: Int,
    size: Int, _ note: String
  ) {
    manifest.changes.append(
      KnowledgeChange(
        number: manifest.changes.count + 1, action: action, time: .now, count: count, size: size, note: note,
        base: base,
        segment: segment))
  }

  /// Removes segments that no change names, which killed processes have left, and those that a compaction has made useless.
  private func removeUnused(_ manifest: KnowledgeManifest) {
    let used = Set(manifest.changes.filter { $0.number >= manifest.firstRestorable }.compactMap(\.segment))
    for name in (try? FileSystem.names(in: segments)) ?? [] where !used.contains(name) {
      try? FileSystem.remove(segments.appending(path: name))
    }
  }
}
