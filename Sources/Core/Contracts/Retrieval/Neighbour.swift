/// A key that a retriever has found.
public struct Neighbour: Sendable, Equatable {
  /// The row of the key in the matrix of keys.
  public let row: Int
  /// The inner product with the query. It is the cosine, because both vectors have length 1.
  public let similarity: Float

  public init(row: Int, similarity: Float) { (self.row, self.similarity) = (row, similarity) }
}
