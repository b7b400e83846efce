import DistillCore
import DistillVectors
import Foundation

/// The file of a snapshot: a safetensors file, whose tensors are read and checked by pages.
///
/// The tensor `page_checksums` has a number for each page of the others, in the order of ``Tensor``, and the metadata have a checksum of
/// these numbers and of the rest of the metadata. Opening a file checks that, and every page is checked when it is read.
enum SnapshotFile {
  static let (format, version) = ("hnsw-snapshot", "1")

  /// The tensors, N numbered vectors of which the first M are in a graph of M nodes.
  enum Tensor: String, CaseIterable {
    /// [N] The numbers of the vectors.
    case ids
    /// [N, D] The vectors.
    case vectors
    /// [M] The scale of the codes of each node, and half the square of its length if the metric is the Euclidean distance.
    case scales
    case halves
    /// [M, 2m + 1] For each node the number of its links on layer 0, and the links.
    case links
    /// [U, m + 1] The same for the upper layers: first layers 1, 2, … of the first node that has them, then those of the next.
    case upper
    /// [M] The number of lists in `upper` that precede those of a node.
    case starts
    /// [M] The parents of the nodes on layer 0.
    case parents
    /// The nodes that are crossed but not found.
    case removed
    /// [M] The highest layer of each node.
    case levels
    /// [M, stride] The vectors as bytes.
    case codes
  }

  static func checksum(_ metadata: [String: String], _ pages: [Int64]) -> String {
    var hash = Checksum()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != "checksum" {
      hash.update("\(key)=\(value)\n".utf8)
    }
    hash.update(numbers: pages)
    return hash.hexDigest
  }

  /// Collects tensors and the checksums of their pages.
  struct Builder {
    private var writer: [(inout SafetensorsWriter) -> Void] = []
    private(set) var checksums: [Int64] = []

    mutating func add<Element: BitwiseCopyable & Sendable>(
      _ tensor: Tensor, _ dtype: DType, _ elements: [Element], each width: Int = 1
    ) {
      let shape = width == 1 ? [elements.count] : [elements.count / width, width]
      checksums += FilePages.checksums(of: elements, width: width)
      writer.append { $0.add(tensor.rawValue, dtype, shape: shape, elements: { elements }) }
    }

    func write(to file: URL, _ metadata: [String: String]) throws {
      var metadata = metadata
      metadata["checksum"] = SnapshotFile.checksum(metadata, checksums)
      var safetensors = SafetensorsWriter(metadata: metadata)
      safetensors.add("page_checksums", shape: [checksums.count], integers: { checksums })
      for add in writer { add(&safetensors) }
      try safetensors.write(to: file)
    }
  }
}

extension HNSWSnapshot {
  /// Writes everything into one file, atomically. ``init(from:)`` reads all of it, and a ``PagedHNSWIndex`` only what a search needs.
  public func write(to file: URL) throws {
    let graph = base.graph
    let (codes, scales, halves) = graph.codes.parts()
    let (lowest, upper, starts) = graph.links.packed()
    var builder = SnapshotFile.Builder()
    builder.add(.ids, .i64, (base.ids + changes.recentIDs).map(Int64.init))
    builder.add(.vectors, .f32, graph.vectors.values + changes.recent, each: width)
    builder.add(.scales, .f32, scales)
    if let halves { builder.add(.halves, .f32, halves) }
    builder.add(.links, .i32, lowest, each: 2 * graph.m + 1)
    builder.add(.upper, .i32, upper, each: graph.m + 1)
    builder.add(.starts, .i32, starts)
    if let parents = graph.parents { builder.add(.parents, .i32, parents) }
    builder.add(.removed, .i32, changes.isThere.indices.filter { !changes.isThere[$0] }.map { Int32($0) })
    builder.add(.levels, .u8, graph.links.levels)
    builder.add(.codes, .u8, codes, each: QuantisedVectors.codeWidth(width))
    var metadata = [
      "format": SnapshotFile.format, "version": SnapshotFile.version, "m": "\(graph.m)", "seed": "\(graph.seed)",
      "ef_construction": "\(graph.efConstruction)", "ef_search": "\(graph.efSearch)", "metric": metric.rawValue,
      "lengths": lengths.rawValue, "width": "\(width)", "linked": "\(base.linked)", "entry": "\(graph.links.entry)",
      "top": "\(graph.count == 0 ? 0 : graph.links.top)",
    ]
    if let recall = graph.measuredRecall { metadata["recall"] = "\(recall)" }
    try builder.write(to: file, metadata)
  }

  /// Reads what ``write(to:)`` has written.
  ///
  /// - Throws: `FormatError` if the file is damaged.
  public init(from file: URL) throws {
    let reader = try SafetensorsReader(file)
    self = reader.metadata["format"] == "hnsw" ? try Self(version9: reader) : try PagedGraph(reader).snapshot()
  }
}
