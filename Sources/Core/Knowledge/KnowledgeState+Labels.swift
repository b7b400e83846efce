import DistillCore

extension KnowledgeState {
  /// Returns the true labels that a task does not have, in the order in which they were first taught.
  public func newLabels(beside task: TaskKind) -> [String] {
    guard case .classification(let known) = task else { return [] }
    var (seen, new) = (Set(known), [String]())
    for label in entries.compactMap(\.label) where seen.insert(label).inserted { new.append(label) }
    return new
  }
}
