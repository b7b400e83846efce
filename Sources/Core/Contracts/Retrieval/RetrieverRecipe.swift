import Foundation

/// The options from which a retriever is made.
public protocol RetrieverRecipe: Plugin, Sendable {
  /// Builds an index over the rows of `keys`.
  ///
  /// - Parameter keys: A matrix [M, D] whose rows have length 1.
  /// - Throws: ``ContractError`` if a key is not finite.
  func makeRetriever(_ keys: Matrix) throws -> any Retriever
  /// Loads an index that ``Retriever/write(to:)`` wrote.
  ///
  /// - Parameters:
  ///   - folder: The folder that the index was written to.
  ///   - keys: The same keys [M, D] that the index was built over.
  /// - Throws: `FormatError` if the files do not contain an index over these keys.
  func loadRetriever(from folder: URL, keys: Matrix) throws -> any Retriever
}
