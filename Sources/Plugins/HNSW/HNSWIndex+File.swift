import DistillCore
import DistillVectors
import Foundation

// The file is a safetensors file with four tensors of integers:
//
// - `levels` [M] is the highest layer of each node.
// - `degrees` is the length of each list of links: first those on layer 0 of all nodes, then those on layers 1, 2, … of the first
//   node that has them, of the second, and so on.
// - `links` is the concatenation of the lists.
// - `parents` [M] is the parent of each node on layer 0. Version 1 of the file did not have it.
//
// Its metadata contain the options, the number of candidates and their recall if that was measured, a checksum of the vectors, and a checksum of everything in the file. The vectors themselves
// are not in the file.
extension HNSWIndex {
  static let fileName = "hnsw.safetensors"
  private static let version = "2"

  /// Returns whether an index was written to a folder.
  public static func exists(in folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: fileName).path)
  }

  /// Writes `hnsw.safetensors` atomically into an existing folder.
  public func write(to folder: URL) throws { try writer().write(to: folder.appending(path: Self.fileName)) }

  /// Returns a writer of the index.
  ///
  /// - Parameter further: Entries of the metadata that the checksum covers, too.
  func writer(_ further: [String: String] = [:]) -> SafetensorsWriter {
    let levels = links.levels.map(Int64.init)
    let lists = Self.lists(of: links.levels).map { links.links(of: $0.node, on: $0.level) }
    let (degrees, all) = (lists.map { Int64($0.count) }, lists.flatMap { $0.map(Int64.init) })
    var metadata = [
      "format": "hnsw", "version": Self.version, "m": "\(m)", "ef_construction": "\(efConstruction)", "seed": "\(seed)",
      "vectors": Self.digest(of: vectors),
    ].merging(further) { $1 }
    if metric != .innerProduct { metadata["metric"] = metric.rawValue }
    if let measuredRecall { (metadata["ef_search"], metadata["recall"]) = ("\(efSearch)", "\(measuredRecall)") }
    let parents = parents?.map(Int64.init)
    if parents == nil { metadata["version"] = "1" }
    metadata["checksum"] = Self.checksum(metadata, [levels, degrees, all, parents ?? []])
    var writer = SafetensorsWriter(metadata: metadata)
    writer.add("levels", shape: [levels.count], integers: { levels })
    writer.add("degrees", shape: [degrees.count], integers: { degrees })
    writer.add("links", shape: [all.count], integers: { all })
    if let parents { writer.add("parents", shape: [parents.count], integers: { parents }) }
    return writer
  }

  /// Reads an index that ``write(to:)`` has written for the same vectors.
  ///
  /// - Throws: `FormatError` if the file is damaged or belongs to other vectors, `ContractError` if a vector is not finite.
  public init(from folder: URL, vectors: Matrix) throws {
    try self.init(SafetensorsReader(folder.appending(path: Self.fileName)), vectors: vectors)
  }

  init(_ reader: SafetensorsReader, vectors: Matrix) throws {
    try Self.check(vectors)
    func refuse(_ problem: String) -> FormatError {
      FormatError(file: reader.url, "\(problem); build the index again")
    }
    let metadata = reader.metadata
    guard metadata["format"] == "hnsw", ["1", Self.version].contains(metadata["version"]) else {
      throw refuse("is not an HNSW index of version \(Self.version)")
    }
    guard metadata["vectors"] == Self.digest(of: vectors) else { throw refuse("belongs to other vectors") }
    let levels = try reader.integers(named: "levels")
    let degrees = try reader.integers(named: "degrees")
    let all = try reader.integers(named: "links")
    let parents = try metadata["version"] == "1" ? nil : reader.integers(named: "parents")
    guard metadata["checksum"] == Self.checksum(metadata, [levels, degrees, all, parents ?? []]) else {
      throw refuse("is damaged: its checksum does not fit")
    }
    guard let m = metadata["m"].flatMap(Int.init), 2...1024 ~= m,
      let ef = metadata["ef_construction"].flatMap(Int.init), let seed = metadata["seed"].flatMap(UInt64.init),
      let metric = VectorMetric(rawValue: metadata["metric"] ?? VectorMetric.innerProduct.rawValue),
      levels.count == vectors.rows, levels.allSatisfy({ 0...64 ~= $0 })
    else { throw refuse("does not say how the index was built") }

    var table = LinkTable(m: m, levels: levels.map { UInt8($0) })
    let lists = Self.lists(of: table.levels)
    guard degrees.count == lists.count else { throw refuse("has \(degrees.count) lists where \(lists.count) belong") }
    var rest = all[...]
    for (list, degree) in zip(lists, degrees) {
      guard 0...Int64(table.capacity(on: list.level)) ~= degree, degree <= rest.count else {
        throw refuse("has a list of \(degree) links")
      }
      let links = try rest.prefix(Int(degree)).map { link in
        guard let link = Int32(exactly: link) else { throw refuse("has a link to \(link)") }
        return link
      }
      table.replace(of: list.node, on: list.level, with: links)
      rest = rest.dropFirst(links.count)
    }
    guard rest.isEmpty else { throw refuse("has \(rest.count) links too many") }
    let tree = try parents?.map { parent in
      guard let parent = Int32(exactly: parent) else { throw refuse("has a parent \(parent)") }
      return parent
    }
    if let problem = table.violations(parents: tree).first { throw refuse(problem) }
    self.init(
      vectors: vectors, codes: QuantisedVectors(vectors, metric: metric), links: table, parents: tree,
      efConstruction: ef, seed: seed)
    if let search = metadata["ef_search"].flatMap(Int.init), let recall = metadata["recall"].flatMap(Double.init) {
      guard search >= 1, 0...1 ~= recall else { throw refuse("says that \(search) candidates find \(recall)") }
      efSearch = search
      measuredRecall = recall
    }
  }

  /// The lists of links in the order of the file.
  private static func lists(of levels: [UInt8]) -> [(node: Int, level: Int)] {
    levels.indices.map { ($0, 0) }
      + levels.indices.filter { levels[$0] > 0 }.flatMap { node in (1...Int(levels[node])).map { (node, $0) } }
  }

  /// Returns the SHA-256 checksum of all metadata except the checksum, as sorted lines `key=value`, followed by all numbers.
  private static func checksum(_ metadata: [String: String], _ tensors: [[Int64]]) -> String {
    var hash = Checksum()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != "checksum" {
      hash.update("\(key)=\(value)\n".utf8)
    }
    for numbers in tensors { hash.update(numbers: numbers) }
    return hash.hexDigest
  }

  static func digest(of vectors: Matrix) -> String {
    var hash = Checksum()
    hash.update("\(vectors.rows) \(vectors.columns)\n".utf8)
    hash.update(numbers: vectors.values.lazy.map(\.bitPattern))
    return hash.hexDigest
  }
}

extension Checksum {
  /// Appends numbers as little-endian bytes.
  mutating func update<Number: FixedWidthInteger>(numbers: some Sequence<Number>) {
    var bytes: [UInt8] = []
    for number in numbers {
      for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: number >> shift))
      }
      if bytes.count >= 1 << 16 {
        update(bytes)
        bytes.removeAll(keepingCapacity: true)
      }
    }
    update(bytes)
  }
}
