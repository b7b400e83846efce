import Foundation

/// The options from which a retriever is made.
public protocol RetrieverRecipe: Plugin, Sendable {
  /// Builds an index over the rows of `keys`.
  ///
  /// - Parameter keys: A matrix [M, D] whose rows have length 1.
  /// - Throws: ``ContractError`` if a key is not finite.
  func makeRetriever(_ keys: Matrix) throws -> any Retriever
  /// Returns an index over keys that begin with those of an index that this recipe made. It is the same as the one that
  /// ``makeRetriever(_:)`` makes of all of them, which is what the default does.
  func extend(_ retriever: any Retriever, to keys: Matrix) throws -> any Retriever
  /// Loads an index that ``Retriever/write(to:)`` wrote.
  ///
  /// - Parameters:
  ///   - folder: The folder that the index was written to.
  ///   - keys: The same keys [M, D] that the index was built over.
  /// - Throws: `FormatError` if the files do not contain an index over these keys.
  func loadRetriever(from folder: URL, keys: Matrix) throws -> any Retriever
}

extension RetrieverRecipe {
  public func extend(_ retriever: any Retriever, to keys: Matrix) throws -> any Retriever { try makeRetriever(keys) }
}
