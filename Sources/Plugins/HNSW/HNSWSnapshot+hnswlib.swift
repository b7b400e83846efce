import DistillCore
import Foundation

extension HNSWSnapshot {
  /// Reads the vectors, labels and marks of deletion from a file that hnswlib's `save_index` has written, and builds a graph of them
  /// with its M and ef_construction.
  ///
  /// hnswlib's own links are not taken over: nothing in its file tells whether they are intact, and they need not reach every vector.
  /// The file does not tell its space either: `ip` and `cosine` are inner products here, and `l2` is the Euclidean distance.
  ///
  /// - Parameters:
  ///   - file: A file of hnswlib 0.4 to 0.8, from a machine with 64 bits that stores the lowest byte first.
  ///   - metric: How the similarity of two vectors is measured.
  ///   - lengths: What is done with vectors of another length than 1; see ``MutableHNSWIndex``.
  ///   - seed: The seed of the nodes' layers.
  /// - Throws: `FormatError` if it is not such a file, `ContractError` if a vector is refused.
  public init(hnswlib file: URL, metric: VectorMetric = .innerProduct, lengths: VectorLengths? = nil, seed: UInt64 = 42)
    throws
  {
    let lengths = lengths ?? .usual(by: metric)
    func refuse(_ problem: String) -> FormatError { FormatError(file: file, "is not an index of hnswlib: \(problem)") }
    let data = try Data(contentsOf: file, options: .alwaysMapped)
    func number<Number: FixedWidthInteger>(at place: Int, _: Number.Type = UInt64.self) -> Number {
      (0..<Number.bitWidth / 8).reduce(0) { $0 | Number(truncatingIfNeeded: data[place + $1]) << (8 * $1) }
    }
    // Six sizes, the highest layer and the entry of 32 bits each, and M, 2M, M, 1 / ln M and ef_construction.
    guard data.count >= 96 else { throw refuse("it has \(data.count) bytes") }
    let sizes = stride(from: 0, to: 48, by: 8).map { number(at: $0) }
    let (count, size, label, start) = (sizes[2], sizes[3], sizes[4], sizes[5])
    let (m, efConstruction) = (number(at: 72), number(at: 88))
    // A node: the number of its links and the mark, 2M links, its vector and its label.
    guard sizes[0] == 0, count <= Int32.max, 2...1024 ~= m, 1...1 << 32 ~= efConstruction, start == 8 * m + 4,
      label > start, label % 4 == 0, label < 1 << 20, size == label + 8, UInt64(data.count - 96) >= count * size
    else { throw refuse("its header makes no sense") }

    let width = Int(label - start) / 4
    var values: [Float] = []
    var (ids, gone): ([Int], [Int]) = ([], [])
    values.reserveCapacity(Int(count) * width)
    for row in 0..<Int(count) {
      let node = 96 + row * Int(size)
      for column in 0..<width {
        values.append(Float(bitPattern: number(at: node + Int(start) + 4 * column, UInt32.self)))
      }
      ids.append(Int(truncatingIfNeeded: number(at: node + Int(label))))
      if data[node + 2] & 1 == 1 { gone.append(row) }
    }
    guard Set(ids).count == ids.count else { throw refuse("a label is there twice") }
    let vectors = try lengths.prepared(Matrix(rows: ids.count, columns: width, values: values))
    self.init(
      try HNSWIndex(vectors: vectors, metric: metric, m: Int(m), efConstruction: Int(efConstruction), seed: seed),
      ids: ids, lengths: lengths)
    for row in gone { remove(ids[row]) }
  }
}
