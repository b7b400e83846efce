import Foundation

/// Options from which a retriever is made.
public protocol RetrieverRecipe: Plugin, Sendable {
  /// An index over `keys` [M, D], rows of length 1.
  /// - Throws: ``ContractError`` for keys that are not finite.
  func makeRetriever(_ keys: Matrix) throws -> any Retriever
  /// An index that was written before over the same keys.
  /// - Throws: `FormatError` when the files do not hold an index over these keys.
  func loadRetriever(from folder: URL, keys: Matrix) throws -> any Retriever
}
