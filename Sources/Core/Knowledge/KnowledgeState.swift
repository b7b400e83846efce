import DistillCore

/// Everything that is known at one time. It is a value: what is changed later changes only later states.
public struct KnowledgeState: Sendable {
  /// The number of the change that led to this state.
  public let change: Int
  /// The entries in the order of their numbers.
  public let entries: [KnowledgeEntry]
  /// The key of each entry [M, D], of length 1.
  public let keys: Matrix
  /// The teacher's probabilities or scores, by the number of the entry.
  public let softLabels: [Int: [Float]]
  /// The numbers of the entries that were removed since the knowledge base was made or compacted, in their order.
  public let removed: [Int]
  /// The keys of the removed entries [R, D]. An index may need them as bridges between those that are left.
  public let removedKeys: Matrix
  /// The number of the change that added the last entry, removed ones included. Indexes of states with the same one are the same.
  public let lastAddition: Int

  init(
    change: Int, entries: [KnowledgeEntry], keys: Matrix, softLabels: [Int: [Float]], removed: [Int],
    removedKeys: Matrix, lastAddition: Int
  ) {
    (self.change, self.entries, self.keys, self.softLabels) = (change, entries, keys, softLabels)
    (self.removed, self.removedKeys, self.lastAddition) = (removed, removedKeys, lastAddition)
  }

  /// The state of a knowledge base that begins with these entries, numbered from 0.
  public init(beginningWith addition: KnowledgeAddition) {
    let segment = KnowledgeSegment(adding: addition, from: 0)
    self.init(
      change: 1, entries: segment.added, keys: addition.keys, softLabels: segment.softLabelsByEntry, removed: [],
      removedKeys: Matrix(rows: 0, columns: addition.keys.columns, values: []), lastAddition: 1)
  }

  /// The number of entries of each true label.
  public var labels: [String: Int] {
    entries.reduce(into: [:]) { for label in $1.allLabels ?? [] { $0[label, default: 0] += 1 } }
  }

  /// Returns the true labels that a task does not have, in the order in which they were first taught.
  public func newLabels(beside task: TaskKind) -> [String] {
    guard let known = task.labels else { return [] }
    var (seen, new) = (Set(known), [String]())
    for label in entries.compactMap(\.allLabels).joined() where seen.insert(label).inserted { new.append(label) }
    return new
  }
}
