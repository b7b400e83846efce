/// The ids of one text, or of a pair of texts, with the special tokens around them.
public struct TokenSequence: Sendable, Equatable {
  /// `[T]` indices into the vocabulary.
  public var ids: [Int32]
  /// `[T]`: 0 for the first text, 1 for the second.
  public var typeIDs: [Int32]

  public init(ids: [Int32], typeIDs: [Int32]) {
    precondition(ids.count == typeIDs.count, "\(ids.count) ids with \(typeIDs.count) type ids")
    self.ids = ids
    self.typeIDs = typeIDs
  }
}
