import CDistillKernels
import DistillFormats
import DistillTensor

/// ``QuantisedVectors`` in a file, of which a comparison reads the pages that it needs.
public struct PagedVectors: Sendable {
  final class Pages: Sendable {
    let codes: FilePages<UInt8>
    let scales: FilePages<Float>
    let halves: FilePages<Float>?

    init(codes: FilePages<UInt8>, scales: FilePages<Float>, halves: FilePages<Float>?) {
      (self.codes, self.scales, self.halves) = (codes, scales, halves)
    }
  }

  private let pages: Pages
  private let vectors: QuantisedVectors

  /// The number of vectors.
  public var count: Int { pages.codes.count }

  /// Takes the parts that ``QuantisedVectors/parts()`` has returned from a file.
  ///
  /// - Parameters:
  ///   - codes: Records of ``QuantisedVectors/codeWidth(_:)`` bytes.
  ///   - scales: As many numbers.
  ///   - halves: As many numbers, if the metric is the Euclidean distance.
  ///   - width: D, the width of the vectors.
  /// - Precondition: The parts fit each other.
  public init(codes: FilePages<UInt8>, scales: FilePages<Float>, halves: FilePages<Float>?, width: Int) {
    precondition(
      codes.width == QuantisedVectors.codeWidth(width) && scales.width == 1 && halves?.width ?? 1 == 1
        && scales.count == codes.count && halves?.count ?? codes.count == codes.count,
      "\(codes.count) codes with \(scales.count) scales")
    pages = Pages(codes: codes, scales: scales, halves: halves)
    vectors = QuantisedVectors(
      CodeMemory(pages, width: width), width: width, metric: halves == nil ? .innerProduct : .euclidean,
      largestError: .infinity)
  }

  /// Reads and checks all pages.
  ///
  /// - Throws: `FormatError` if one cannot be read or is damaged.
  public func needAll() throws(FormatError) {
    try pages.codes.needAll()
    try pages.scales.needAll()
    try pages.halves?.needAll()
  }

  /// Returns a vector of D numbers as a query.
  public func query(of vector: Span<Float>) -> QuantisedQuery { vectors.query(of: vector) }

  /// Compares a query with some rows; see ``QuantisedVectors/similarities(of:toRows:into:)``.
  ///
  /// - Throws: `FormatError` if a page that is needed cannot be read or is damaged.
  public func similarities(
    of query: QuantisedQuery, toRows rows: ArraySlice<Int32>, into similarities: inout [Float]
  ) throws(FormatError) {
    for row in rows {
      try pages.codes.need(Int(row))
      try pages.scales.need(Int(row))
      try pages.halves?.need(Int(row))
    }
    vectors.similarities(of: query, toRows: rows, into: &similarities)
  }
}

extension QuantisedVectors {
  /// The bytes of a row of codes of vectors of D numbers.
  public static func codeWidth(_ width: Int) -> Int { CodeMemory.stride(width) }

  /// Returns what the vectors consist of, to write it to a file for ``PagedVectors``: for each row ``codeWidth(_:)`` bytes, its scale,
  /// and half the square of its length if the metric is the Euclidean distance.
  public func parts() -> (codes: [UInt8], scales: [Float], halves: [Float]?) {
    (
      Array(UnsafeBufferPointer(start: memory.codes, count: count * memory.stride)),
      Array(UnsafeBufferPointer(start: memory.scales, count: count)),
      memory.halves.map { Array(UnsafeBufferPointer(start: $0, count: count)) }
    )
  }
}
