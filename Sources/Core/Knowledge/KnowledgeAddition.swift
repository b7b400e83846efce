import DistillCore

/// Entries that are added together, with the numbers that belong to them.
public struct KnowledgeAddition: Sendable {
  public let entries: [KnowledgeEntry]
  /// The keys [M, D] of the M entries, each of length 1.
  public let keys: Matrix
  /// The teacher's probabilities or scores [S, C] of some entries, or `nil` if there are none.
  public let softLabels: Matrix?
  /// The S places of these entries among the M.
  public let softRows: [Int]

  public init(_ entries: [KnowledgeEntry], keys: Matrix, softLabels: Matrix? = nil, softRows: [Int] = []) {
    precondition(entries.count == keys.rows, "\(entries.count) entries with \(keys.rows) keys")
    precondition(softRows.count == softLabels?.rows ?? 0, "\(softRows.count) places of soft labels")
    (self.entries, self.keys, self.softLabels, self.softRows) = (entries, keys, softLabels, softRows)
  }

  /// Returns the first entries.
  package func prefix(_ count: Int) -> KnowledgeAddition {
    let soft = softRows.indices.filter { softRows[$0] < count }
    return KnowledgeAddition(
      Array(entries.prefix(count)), keys: keys.gathered(Array(0..<count)), softLabels: softLabels?.gathered(soft),
      softRows: soft.map { softRows[$0] })
  }
}
