import DistillCore
import DistillKnowledge
import Foundation

/// The folder of a run's knowledge base: the log of what is known, the index over it, and the map to the space of its keys.
struct KnowledgeFolder {
  let url: URL

  init(_ url: URL) { self.url = url }

  var log: KnowledgeLog { KnowledgeLog(url) }
  private var map: URL { url.appending(path: "map") }

  /// Writes everything into an empty folder.
  func make(
    _ addition: KnowledgeAddition, labels: [String], note: String, retriever: any Retriever, map: StateMap?
  ) throws {
    let log = try KnowledgeLog.make(in: url, addition, labels: labels, note: note)
    if let map { try SealedFolder.write(to: self.map, map.write) }
    try write(retriever, of: log.snapshot())
  }

  /// Reads the map to the space of the keys.
  ///
  /// - Throws: `FormatError` if it is missing or damaged.
  func stateMap(_ student: ModelCard) throws -> StateMap {
    if KnowledgeLog.exists(at: url) { try SealedFolder.check(map) }
    return try StateMap(folder: KnowledgeLog.exists(at: url) ? map : url, student: student)
  }

  // MARK: the index, which is derived from the log

  private func index(_ state: KnowledgeState) -> URL { url.appending(path: "index-\(state.lastAddition)") }

  /// Returns the index over the keys of a state: the one on disk, or a new one if a process was killed before it wrote it, or has gone
  /// on to a later state meanwhile.
  ///
  /// - Throws: `FormatError` if the index on disk is damaged.
  func retriever(
    _ recipe: any RetrieverRecipe, over knowledge: KnowledgeBase, of state: KnowledgeState
  ) throws -> any Retriever {
    let folder = index(state)
    var isThere: Bool { FileManager.default.fileExists(atPath: folder.path) }
    do {
      if isThere {
        try SealedFolder.check(folder)
        return try recipe.loadRetriever(from: folder, keys: knowledge.embeddings)
      }
    } catch { if isThere { throw error } }
    return try recipe.makeRetriever(knowledge.embeddings)
  }

  /// Writes the index of a state, and removes those of others.
  func write(_ retriever: any Retriever, of state: KnowledgeState) throws {
    let folder = index(state)
    try SealedFolder.write(to: folder, retriever.write)
    for name in try FileSystem.names(in: url) where name.hasPrefix("index-") && name != folder.lastPathComponent {
      try FileSystem.remove(url.appending(path: name))
    }
  }

  /// Returns whether the index of a state is on disk.
  func hasIndex(of state: KnowledgeState) -> Bool { FileManager.default.fileExists(atPath: index(state).path) }
}
