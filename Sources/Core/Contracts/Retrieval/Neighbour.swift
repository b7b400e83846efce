/// A stored vector that was found.
public struct Neighbour: Sendable, Equatable {
  /// Its row among the keys.
  public let row: Int
  /// Inner product with the query; the cosine, since both have length 1.
  public let similarity: Float

  public init(row: Int, similarity: Float) { (self.row, self.similarity) = (row, similarity) }
}
