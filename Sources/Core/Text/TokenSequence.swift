/// The ids of one text or of a pair of texts, including the special tokens around them.
public struct TokenSequence: Sendable, Equatable {
  /// The indices into the vocabulary, `[T]`.
  public var ids: [Int32]
  /// The type ids, `[T]`: 0 for the first text and 1 for the second.
  public var typeIDs: [Int32]

  public init(ids: [Int32], typeIDs: [Int32]) {
    precondition(ids.count == typeIDs.count, "\(ids.count) ids with \(typeIDs.count) type ids")
    self.ids = ids
    self.typeIDs = typeIDs
  }
}
