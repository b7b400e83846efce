import DistillCore
import DistillVectors
import Foundation

/// The graph of a snapshot's file, of which a search reads the pages that it needs.
final class PagedGraph: NumberedGraph {
  /// The links, each of which is checked to lead to a node when its page is read.
  struct Links: LinkSource {
    let count: Int
    let m: Int
    let entry: Int
    let top: Int
    fileprivate let lowest: FilePages<Int32>
    fileprivate let upper: FilePages<Int32>
    fileprivate let starts: FilePages<Int32>

    func withLinks(of node: Int, on level: Int, _ body: (Span<Int32>) -> Void) throws(FormatError) {
      var (pages, list) = (lowest, node)
      if level > 0 {
        (pages, list) = (upper, try starts.withRecord(node) { Int($0[0]) } + level - 1)
        // A file that was made to deceive may say of any node that it is on a layer.
        guard 0..<upper.count ~= list else { return }
      }
      try pages.withRecord(list) { record in body(record.extracting(1..<1 + Int(record[0]))) }
    }

    /// Nothing: a list that has not been read yet cannot be fetched.
    func fetch(_ node: Int, on level: Int) {}
  }

  let links: Links
  let codes: PagedVectors
  let width: Int
  let metric: VectorMetric
  let efSearch: Int
  let scratches = ScratchPool()
  let changes: SnapshotChanges
  private let file: URL
  private let options: (efConstruction: Int, seed: UInt64, recall: Double?, linked: Int)
  private let ids: FilePages<Int64>
  private let vectors: FilePages<Float>
  private let levels: FilePages<UInt8>
  private let parents: FilePages<Int32>

  var count: Int { links.count }

  /// Opens a file, and reads what came and went since the graph was made.
  ///
  /// - Throws: `FormatError` if it is not the file of a snapshot, or damaged as far as it was read.
  init(_ reader: SafetensorsReader) throws {
    file = reader.url
    let metadata = reader.metadata
    func refuse(_ problem: String) -> FormatError { FormatError(file: reader.url, problem) }
    func number<Number: LosslessStringConvertible>(_ key: String, _: Number.Type = Int.self) throws -> Number {
      guard let value = metadata[key].flatMap(Number.init) else { throw refuse("does not tell '\(key)'") }
      return value
    }
    guard metadata["format"] == SnapshotFile.format, metadata["version"] == SnapshotFile.version else {
      throw refuse(
        metadata["format"] == "hnsw"
          ? "was written by an older version; read it as an `HNSWSnapshot` and write that"
          : "is not the file of an HNSW snapshot of version \(SnapshotFile.version)")
    }
    let checksums = try reader.integers(named: "page_checksums")
    guard metadata["checksum"] == SnapshotFile.checksum(metadata, checksums) else {
      throw refuse("is damaged: its checksum does not fit")
    }
    let (width, m, entry, top, linked) = (
      try number("width"), try number("m"), try number("entry"), try number("top"), try number("linked")
    )
    efSearch = try number("ef_search")
    options = (
      try number("ef_construction"), try number("seed", UInt64.self), metadata["recall"].flatMap(Double.init), linked
    )
    guard let metric = VectorMetric(rawValue: try number("metric", String.self)),
      let lengths = VectorLengths(rawValue: try number("lengths", String.self)),
      1...QuantisedVectors.largestWidth ~= width, 2...1024 ~= m, efSearch >= 1, options.efConstruction >= 1,
      0...64 ~= top
    else { throw refuse("does not say how the index was built") }

    var rest = checksums[...]
    func pages<Element>(
      _ tensor: SnapshotFile.Tensor, _ width: Int = 1, isDense: Bool = false,
      isValid: @escaping @Sendable (Span<Element>) -> Bool = { _ in true }
    ) throws -> FilePages<Element> {
      try FilePages(reader, tensor.rawValue, width: width, checksums: &rest, isDense: isDense, isValid: isValid)
    }
    let nodes = reader.tensors[SnapshotFile.Tensor.levels.rawValue]?.count ?? 0
    /// Returns a check of lists of links.
    func lead(_ capacity: Int) -> @Sendable (Span<Int32>) -> Bool {
      { numbers in
        stride(from: 0, to: numbers.count, by: capacity + 1).allSatisfy { start in
          0...capacity ~= Int(numbers[start])
            && (start + 1..<start + 1 + Int(numbers[start])).allSatisfy { 0..<nodes ~= Int(numbers[$0]) }
        }
      }
    }
    ids = try pages(.ids)
    vectors = try pages(.vectors, width)
    let scales: FilePages<Float> = try pages(.scales)
    let halves: FilePages<Float>? = metric == .euclidean ? try pages(.halves) : nil
    let lowest = try pages(.links, 2 * m + 1, isDense: true, isValid: lead(2 * m))
    let upper = try pages(.upper, m + 1, isValid: lead(m))
    let starts: FilePages<Int32> = try pages(.starts)
    parents = try pages(.parents)
    let removed: FilePages<Int32> = try pages(.removed)
    levels = try pages(.levels)
    let codes: FilePages<UInt8> = try pages(.codes, QuantisedVectors.codeWidth(width), isDense: true)
    guard rest.isEmpty, ids.count == vectors.count, nodes <= ids.count, ids.count <= Int(Int32.max),
      [scales.count, halves?.count ?? nodes, lowest.count, starts.count, parents.count, codes.count]
        == .init(repeating: nodes, count: 6),
      0..<max(1, nodes) ~= entry, 0...nodes ~= linked
    else { throw refuse("has tensors that do not fit each other") }

    (self.width, self.metric) = (width, metric)
    links = Links(count: nodes, m: m, entry: entry, top: top, lowest: lowest, upper: upper, starts: starts)
    self.codes = PagedVectors(codes: codes, scales: scales, halves: halves, width: width)
    var changes = SnapshotChanges(width: width, lengths: lengths, count: nodes)
    for row in try removed.elements(of: 0..<removed.count) {
      guard 0..<nodes ~= Int(row), changes.isThere[Int(row)] else {
        throw refuse("says of node \(row) that it is gone")
      }
      changes.isThere[Int(row)] = false
    }
    changes.removed = removed.count
    changes.recent = try vectors.elements(of: nodes..<vectors.count)
    changes.recentIDs = try ids.elements(of: nodes..<ids.count).map { Int($0) }
    self.changes = changes
  }

  func id(of row: Int) throws(FormatError) -> Int { try ids.withRecord(row) { Int($0[0]) } }

  func similarities(of query: Span<Float>, toRows rows: [Int32]) throws(FormatError) -> [Float] {
    var similarities: [Float] = []
    for row in rows { similarities.append(try vectors.withRecord(Int(row)) { metric.similarity(query, $0) }) }
    return similarities
  }

  /// Reads and checks everything.
  func snapshot() throws -> HNSWSnapshot {
    func refuse(_ problem: String) -> FormatError { FormatError(file: file, problem) }
    // The codes are made anew below, and where the lists begin follows from the layers.
    try codes.needAll()
    try links.starts.needAll()
    let matrix = Matrix(rows: count, columns: width, values: try vectors.elements(of: 0..<count))
    try HNSWIndex.check(matrix)
    try HNSWIndex.check(Matrix(rows: changes.recentIDs.count, columns: width, values: changes.recent))
    let heights = try levels.elements(of: 0..<count)
    guard heights.allSatisfy({ $0 <= 64 }), heights.reduce(0, { $0 + Int($1) }) == links.upper.count else {
      throw refuse("has nodes on layers without links")
    }
    var table = LinkTable(m: links.m, levels: heights)
    var next = 0
    for (node, height) in heights.enumerated() {
      table.replace(of: node, on: 0, with: try links.lowest.list(node))
      for level in 0..<Int(height) { table.replace(of: node, on: level + 1, with: try links.upper.list(next + level)) }
      next += Int(height)
    }
    let tree = try parents.elements(of: 0..<count)
    if let problem = table.violations(parents: tree).first { throw refuse(problem) }
    guard count == 0 || (table.entry, table.top) == (links.entry, links.top) else {
      throw refuse("starts at another node")
    }
    var graph = HNSWIndex(
      vectors: matrix, codes: QuantisedVectors(matrix, metric: metric), links: table, parents: tree,
      efConstruction: options.efConstruction, seed: options.seed)
    graph.efSearch = efSearch
    graph.measuredRecall = options.recall
    let numbers = try ids.elements(of: 0..<count).map { Int($0) }
    let snapshot = HNSWSnapshot(graph, ids: numbers, linked: options.linked, changes: changes)
    guard Set(snapshot.ids).count == snapshot.count else { throw refuse("has two vectors of the same number") }
    return snapshot
  }
}

extension FilePages<Int32> {
  /// Returns the links of a list, which begins with their number.
  fileprivate func list(_ list: Int) throws(FormatError) -> ArraySlice<Int32> {
    let record = try elements(of: list..<list + 1)
    return record.dropFirst().prefix(Int(record[0]))
  }
}

extension PagedVectors: CodeSource {}
