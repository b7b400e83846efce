/// The element type and the shape of a tensor in a safetensors file. Elements are stored in row-major order.
public struct TensorInfo: Sendable, Hashable {
  public let dtype: DType
  /// The extents, outermost first. The shape of a scalar is empty.
  public let shape: [Int]
  /// The number of elements.
  public let count: Int
  /// The number of bytes of all elements.
  package var byteCount: Int { count * dtype.size }

  /// Returns `nil` if an extent is negative or the number of bytes does not fit in an `Int`.
  package init?(dtype: DType, shape: [Int]) {
    var count = 1
    for dimension in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      if dimension < 0 || overflow { return nil }
      count = product
    }
    if count.multipliedReportingOverflow(by: dtype.size).overflow { return nil }
    self.dtype = dtype
    self.shape = shape
    self.count = count
  }
}
