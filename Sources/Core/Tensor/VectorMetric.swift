/// How the similarity of two vectors is measured.
public enum VectorMetric: String, Sendable {
  /// The inner product q·x, which is the cosine where lengths are 1.
  case innerProduct = "inner-product"
  /// The Euclidean distance, as the similarity −‖q − x‖².
  case euclidean

  /// Returns the similarity of two vectors of the same length.
  public func similarity(_ a: Span<Float>, _ b: Span<Float>) -> Float {
    guard self == .euclidean else { return dotProduct(a, b) }
    precondition(a.count == b.count, "the distance of \(a.count) and \(b.count) numbers")
    return a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        guard let x = a.baseAddress, let y = b.baseAddress else { return 0 }
        return -kernels.squared_l2(x, y, a.count)
      }
    }
  }
}

extension Matrix {
  /// Calculates similarities[i] = the similarity of the query and row `indices[i]` for every index. The rest of `similarities` is left
  /// unchanged.
  public func similarities(
    of query: Span<Float>, toRows indices: ArraySlice<Int32>, by metric: VectorMetric, into similarities: inout [Float]
  ) {
    guard metric == .euclidean else {
      dotProducts(of: query, withRows: indices, into: &similarities)
      return
    }
    precondition(similarities.count >= indices.count, "no room for \(indices.count) similarities")
    for (i, index) in indices.enumerated() {
      similarities[i] = metric.similarity(
        query, values.span.extracting(Int(index) * columns..<(Int(index) + 1) * columns))
    }
  }
}
