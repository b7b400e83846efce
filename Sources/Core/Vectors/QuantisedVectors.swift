import CDistillKernels
import DistillTensor

/// Vectors of which each number takes one byte: x ≈ scale · c with whole c in −127 … 127, and one scale for each vector, which is its
/// largest number divided by 127.
///
/// This is the scalar quantisation of faiss's `SQ8`, symmetric and by vector. The codes of a vector depend on it alone. Products of
/// codes are sums of whole numbers, so that similarities have the same bits with every instruction set.
///
/// ```swift
/// let vectors = QuantisedVectors(matrix)
/// let nearest = vectors.nearest(10, to: [vectors.query(of: vector)])
/// ```
public struct QuantisedVectors: Sendable {
  /// M, the number of vectors.
  public var count: Int { memory.count }
  /// D, the width of the vectors.
  public let width: Int
  /// The length of the longest difference between a vector and what its codes stand for.
  public let largestError: Float
  /// What ``similarities(of:toRows:into:)`` tells: the inner product, or for the Euclidean distance that less half the square of the
  /// row's length, which puts rows in the order of their distances from the query.
  public let metric: VectorMetric
  let memory: CodeMemory

  /// The largest width. A product of two vectors has to fit 32 bits.
  public static let largestWidth = 1 << 16

  /// Quantises the rows of a matrix [M, D].
  ///
  /// - Parameters:
  ///   - vectors: The matrix.
  ///   - metric: What similarities tell.
  /// - Precondition: The numbers are finite, D is at most ``largestWidth`` and M at most the largest `Int32`.
  public init(_ vectors: Matrix, metric: VectorMetric = .innerProduct) {
    precondition(
      vectors.columns <= Self.largestWidth && vectors.rows <= Int(Int32.max),
      "\(vectors.rows) × \(vectors.columns) numbers are too many to quantise")
    (width, self.metric) = (vectors.columns, metric)
    memory = CodeMemory(count: vectors.rows, width: width, hasHalves: metric == .euclidean)
    let (memory, width) = (memory, width)
    let parts = (vectors.rows + 1023) / 1024
    let errors = Compute.map(parts: parts) { part in
      vectors.values.withUnsafeBufferPointer { values in
        (part * 1024..<min((part + 1) * 1024, memory.count)).reduce(Float(0)) { largest, row in
          let vector = UnsafeBufferPointer(rebasing: values[row * width..<(row + 1) * width])
          let codes = memory.codes + row * memory.stride
          let quantised = quantise(vector) { codes[$0] = UInt8(truncatingIfNeeded: $1 &+ 128) }
          memory.scales[row] = quantised.scale
          if let halves = memory.halves {
            halves[row] =
              (0..<width).reduce(Float(0)) { $0 + Float((Int32(codes[$1]) - 128) * (Int32(codes[$1]) - 128)) }
              * quantised.scale * quantised.scale / 2
          }
          return max(largest, quantised.error)
        }
      }
    }
    largestError = errors.max() ?? 0
  }

  init(_ memory: CodeMemory, width: Int, metric: VectorMetric, largestError: Float) {
    (self.memory, self.width, self.metric, self.largestError) = (memory, width, metric, largestError)
  }

  /// Returns the vectors of these rows, in this order.
  public func gathered(_ rows: [Int32]) -> QuantisedVectors {
    let picked = CodeMemory(count: rows.count, width: width, hasHalves: metric == .euclidean)
    for (place, row) in rows.enumerated() {
      precondition(0..<count ~= Int(row), "row \(row) of \(count)")
      (picked.codes + place * memory.stride).update(from: memory.codes + Int(row) * memory.stride, count: memory.stride)
      picked.scales[place] = memory.scales[Int(row)]
      picked.halves?[place] = halfSquare(of: Int(row))
    }
    return QuantisedVectors(picked, width: width, metric: metric, largestError: largestError)
  }

  /// Returns a vector of D numbers as a query.
  public func query(of vector: Span<Float>) -> QuantisedQuery {
    precondition(vector.count == width, "a query of \(vector.count) numbers for vectors of \(width)")
    var codes = [Int8](repeating: 0, count: memory.stride)
    let (scale, error) = vector.withUnsafeBufferPointer { quantise($0) { codes[$0] = Int8(truncatingIfNeeded: $1) } }
    return QuantisedQuery(codes: codes, scale: scale, error: error)
  }

  /// Returns a query to write other vectors to by ``load(_:into:)``.
  public func emptyQuery() -> QuantisedQuery {
    QuantisedQuery(codes: [Int8](repeating: 0, count: memory.stride), scale: 0, error: 0)
  }

  /// Makes a query of one of these vectors.
  public func load(_ row: Int, into query: inout QuantisedQuery) {
    precondition(0..<count ~= row && query.codes.count == memory.stride, "row \(row) of \(count)")
    query.codes.withUnsafeMutableBufferPointer { codes in copy(row, to: codes.baseAddress!) }
    (query.scale, query.error) = (memory.scales[row], 0)
  }

  /// Fetches a vector from memory, if it will be used soon.
  public func fetch(_ row: Int) {
    precondition(0..<count ~= row, "row \(row) of \(count)")
    distill_fetch(memory.codes + row * memory.stride, memory.stride)
  }

  private func copy(_ row: Int, to codes: UnsafeMutablePointer<Int8>) {
    let from = memory.codes + row * memory.stride
    for i in 0..<memory.stride { codes[i] = Int8(bitPattern: from[i] ^ 128) }
  }

  /// Returns what the similarity to a row is lessened by: half the square of its length for the Euclidean distance, and else 0.
  public func halfSquare(of row: Int) -> Float {
    precondition(0..<count ~= row, "row \(row) of \(count)")
    return memory.halves?[row] ?? 0
  }

  /// Calculates similarities[i] = the similarity of the query and row `rows[i]`, as far as the codes tell it. The rest of
  /// `similarities` is left unchanged.
  public func similarities(of query: QuantisedQuery, toRows rows: ArraySlice<Int32>, into similarities: inout [Float]) {
    precondition(
      query.codes.count == memory.stride && similarities.count >= rows.count, "no room for \(rows.count) products")
    query.codes.withUnsafeBufferPointer { codes in
      rows.withUnsafeBufferPointer { rows in
        for row in rows { precondition(row >= 0 && row < count, "row \(row) of \(count)") }
        guard let first = rows.baseAddress else { return }
        similarities.withUnsafeMutableBufferPointer { out in
          codeKernels.similarities(
            out.baseAddress!, codes.baseAddress!, query.scale, memory.codes, memory.scales, first, rows.count,
            memory.stride)
          guard let halves = memory.halves else { return }
          for (i, row) in rows.enumerated() { out[i] -= halves[Int(row)] }
        }
      }
    }
  }

  /// Returns the K rows that are most similar to each query, best first, as far as the codes tell it, on the calling thread.
  ///
  /// - Parameters:
  ///   - k: K, at least 1.
  ///   - queries: The queries.
  ///   - rows: The rows to compare. They begin at a multiple of 32. Default: all.
  public func nearest(_ k: Int, to queries: [QuantisedQuery], among rows: Range<Int>? = nil) -> [[Candidate]] {
    // Queries are compared in panels of 32, which take about as long as three queries one by one.
    if queries.count <= 3 || metric == .euclidean {
      return queries.map { nearest(k, to: $0, among: rows ?? 0..<count) }
    }
    return nearest(k, count: queries.count, among: rows ?? 0..<count, scales: queries.map(\.scale)) { query, out in
      queries[query].codes.withUnsafeBufferPointer { out.update(from: $0.baseAddress!, count: memory.stride) }
    }
  }

  private func nearest(_ k: Int, to query: QuantisedQuery, among rows: Range<Int>) -> [Candidate] {
    precondition(k >= 1 && rows.lowerBound >= 0 && rows.upperBound <= count, "\(k) of rows \(rows)")
    let block = 512
    var similarities = [Float](repeating: 0, count: block)
    var best: [UInt64] = []
    var floor: UInt64 = 0
    func keep() {
      if best.count > k { best.withUnsafeMutableBufferPointer { distill_keep_largest($0.baseAddress!, $0.count, k) } }
      best.removeSubrange(min(k, best.count)...)
    }
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: block) {
      let own = (start..<min(start + block, rows.upperBound)).map { Int32($0) }
      self.similarities(of: query, toRows: own[...], into: &similarities)
      for (row, similarity) in zip(own, similarities) {
        let rank = Candidate(row: row, similarity: similarity).rank
        if rank > floor { best.append(rank) }
      }
      guard best.count >= 2 * k + block else { continue }
      keep()
      floor = best.min() ?? 0
    }
    keep()
    return best.sorted(by: >).map { Candidate(rank: $0) }
  }

  /// Returns the K rows that have the largest inner products with each of the rows `queries`; see ``nearest(_:to:among:)``. A row is among its own.
  ///
  /// - Parameters:
  ///   - k: K, at least 1.
  ///   - queries: The rows of the queries.
  ///   - others: The vectors whose rows the queries are. Default: these vectors.
  ///   - rows: The rows to compare. They begin at a multiple of 32. Default: all.
  public func nearest(
    _ k: Int, toRows queries: Range<Int>, of others: QuantisedVectors? = nil, among rows: Range<Int>? = nil
  ) -> [[Candidate]] {
    let others = others ?? self
    precondition(
      queries.lowerBound >= 0 && queries.upperBound <= others.count && others.width == width,
      "rows \(queries) of \(others.count)")
    return nearest(k, count: queries.count, among: rows ?? 0..<count, scales: queries.map { others.memory.scales[$0] })
    {
      others.copy(queries.lowerBound + $0, to: $1)
    }
  }

  private func nearest(
    _ k: Int, count queries: Int, among rows: Range<Int>, scales: [Float],
    load: (Int, UnsafeMutablePointer<Int8>) -> Void
  ) -> [[Candidate]] {
    precondition(
      metric == .innerProduct && k >= 1 && rows.lowerBound % Int(DISTILL_ROWS) == 0 && rows.lowerBound >= 0
        && rows.upperBound <= count,
      "\(k) of rows \(rows)")
    let panels = Panels(queries, k: k, stride: memory.stride, load: load)
    func best(above floors: [Float]) -> [[UInt64]] {
      panels.begin(above: floors, keep: k)
      panels.compare(with: memory.codes, memory.scales, rows)
      return floors.indices.map { floors[$0] < .infinity ? panels.best(of: $0).sorted(by: >) : [] }
    }
    var lists = best(above: panels.sample(memory.codes, memory.scales, rows, k: k))
    let failed = lists.map { $0.count < min(k, rows.count) }
    if failed.contains(true) {
      for (query, list) in best(above: failed.map { $0 ? -.infinity : .infinity }).enumerated() where failed[query] {
        lists[query] = list
      }
    }
    return zip(lists, scales).map { list, scale in
      list.map { rank in
        let found = Candidate(rank: rank)
        return Candidate(row: found.row, similarity: found.similarity * scale)
      }
    }
  }
}

/// A vector as bytes, to be compared with others.
public struct QuantisedQuery: Sendable {
  fileprivate var codes: [Int8]
  fileprivate(set) var scale: Float
  /// The length of the difference between the vector and what its codes stand for; 0 for one of the stored vectors.
  public fileprivate(set) var error: Float
}

/// Fetches elements of an array from memory, if they will be used soon.
public func fetch<Element>(_ elements: Range<Int>, of array: [Element]) {
  precondition(elements.lowerBound >= 0 && elements.upperBound <= array.count, "elements \(elements) of \(array.count)")
  array.withUnsafeBufferPointer { array in
    if let first = array.baseAddress {
      distill_fetch(first + elements.lowerBound, elements.count * MemoryLayout<Element>.stride)
    }
  }
}

let codeKernels = distill_codes_best().pointee

/// Passes the codes of a vector on, and returns their scale and the length of the difference.
@inline(__always)
private func quantise(_ vector: UnsafeBufferPointer<Float>, _ put: (Int, Int32) -> Void) -> (
  scale: Float, error: Float
) {
  var largest: Float = 0
  for x in vector { largest = max(largest, abs(x)) }
  // The codes of a vector of next to nothing are 0, because 127 / largest would be infinite.
  guard largest > 1e-30 else {
    for i in vector.indices { put(i, 0) }
    return (0, largest * Float(vector.count).squareRoot())
  }
  let (factor, scale) = (127 / largest, largest / 127)
  var squares: Float = 0
  // Adding 1.5 · 2²³ moves the whole number next to x into the lowest bits.
  let shift: Float = 12_582_912
  for (i, x) in vector.enumerated() {
    let moved = x * factor + shift
    put(i, Int32(bitPattern: moved.bitPattern) &- Int32(bitPattern: shift.bitPattern))
    let difference = x - (moved - shift) * scale
    squares += difference * difference
  }
  return (scale, squares.squareRoot())
}
