import Foundation

/// An encoder that other programs than this one can run. `distill export` writes the files.
public protocol ExportableEncoder: TextEncoder {
  /// Adds the whole calculation of the encoder to a graph.
  ///
  /// - Parameter graph: A graph that has the inputs alone.
  /// - Returns: The embedding [B, D] and the logits [B, C], which have to be those of ``TextEncoder/respond(to:with:)`` for every number
  ///   of sequences, every length and any padding.
  /// - Throws: ``ContractError`` if the operations of a graph cannot express the encoder. The message says what to do.
  func addNodes(to graph: inout ModelGraph) throws -> (embedding: ModelGraph.Value, logits: ModelGraph.Value)

  /// Writes the files that a program needs beside the graph, or all files of a folder that it loads.
  ///
  /// - Parameters:
  ///   - folder: An empty folder.
  ///   - format: What the folder is for.
  ///   - maximumLength: The most tokens of a sequence, to which the tokenizer of the other program has to shorten texts.
  /// - Throws: ``ContractError`` if the program has no model that calculates as this encoder does. The message says what to do.
  func write(to folder: URL, for format: ExportFormat, maximumLength: Int) throws
}
