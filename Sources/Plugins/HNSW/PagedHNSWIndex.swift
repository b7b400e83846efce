import DistillCore
import Foundation

/// An index in a file, which is opened in milliseconds however large it is, because a search reads only the pages that it needs.
///
/// Each page is checked when it is first read, and stays in memory. The first searches are therefore slower than later ones, which find
/// the same as an ``HNSWSnapshot`` and take about a tenth longer. The file may be replaced while it is open, as `HNSWSnapshot.write(to:)` does: the
/// index stays that of the old file.
///
/// ```swift
/// try index.snapshot.write(to: file)
/// for match in try PagedHNSWIndex(file).search(query, neighbours: 8) { print(match.id, match.similarity) }
/// ```
///
/// Several threads may search an index at the same time.
public struct PagedHNSWIndex: Sendable {
  private let graph: PagedGraph

  /// Opens what ``HNSWSnapshot/write(to:)`` has written.
  ///
  /// - Throws: `FormatError` if it is another file, or damaged as far as it was read.
  public init(_ file: URL) throws { graph = try PagedGraph(SafetensorsReader(file)) }

  /// The number of vectors.
  public var count: Int { graph.count - graph.changes.removed + graph.changes.recentIDs.count }
  /// The width of the vectors.
  public var width: Int { graph.width }
  /// How the similarity of two vectors is measured.
  public var metric: VectorMetric { graph.metric }
  /// The number of candidates in a search, as it was when the file was written.
  public var efSearch: Int { graph.efSearch }

  /// Returns the K nearest vectors of each query; see ``HNSWSnapshot/search(_:neighbours:among:)``.
  ///
  /// - Parameters:
  ///   - queries: [B, D]
  ///   - k: K, at least 1.
  ///   - mayBeFound: Whether the vector with a number may be found. Default: all may.
  /// - Throws: `ContractError` as there, and `FormatError` if a page that is needed cannot be read or is damaged.
  public func search(
    _ queries: Matrix, neighbours k: Int, among mayBeFound: ((Int) -> Bool)? = nil
  ) throws -> [[HNSWSnapshot.Match]] {
    try graph.changes.search(graph, queries, neighbours: k, among: mayBeFound)
  }

  /// Returns the K nearest vectors of one query.
  public func search(
    _ query: [Float], neighbours k: Int, among mayBeFound: ((Int) -> Bool)? = nil
  ) throws -> [HNSWSnapshot.Match] {
    try search(Matrix(rows: 1, columns: query.count, values: query), neighbours: k, among: mayBeFound)[0]
  }
}
