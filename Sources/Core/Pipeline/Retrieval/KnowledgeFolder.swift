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
    try write(retriever, of: try log.history().count)
  }

  /// Reads the map to the space of the keys.
  ///
  /// - Throws: `FormatError` if it is missing or damaged.
  func stateMap(_ student: ModelCard) throws -> StateMap {
    if KnowledgeLog.exists(at: url) { try SealedFolder.check(map) }
    return try StateMap(folder: KnowledgeLog.exists(at: url) ? map : url, student: student)
  }

  // MARK: the index, which is derived from the log

  private func index(of change: Int) -> URL { url.appending(path: "index-\(change)") }

  /// Returns the index over the keys of a state: the one on disk, or a new one if a process was killed before it wrote it, or has gone
  /// on to a later state meanwhile.
  ///
  /// - Throws: `FormatError` if the index on disk is damaged.
  func retriever(_ recipe: any RetrieverRecipe, over knowledge: KnowledgeBase, of change: Int) throws -> any Retriever {
    let folder = index(of: change)
    var isThere: Bool { FileManager.default.fileExists(atPath: folder.path) }
    do {
      if isThere {
        try SealedFolder.check(folder)
        return try recipe.loadRetriever(from: folder, keys: knowledge.embeddings)
      }
    } catch { if isThere { throw error } }
    return try recipe.makeRetriever(knowledge.embeddings)
  }

  /// Writes the index of a state, and removes those of earlier states. If there is one of a later state, nothing is done.
  func write(_ retriever: any Retriever, of change: Int) throws {
    func others() throws -> [Int] {
      try FileSystem.names(in: url).compactMap { $0.hasPrefix("index-") ? Int($0.dropFirst("index-".count)) : nil }
    }
    guard try others().allSatisfy({ $0 <= change }) else { return }
    try SealedFolder.write(to: index(of: change), retriever.write)
    for other in try others() where other < change { try FileSystem.remove(index(of: other)) }
  }
}
