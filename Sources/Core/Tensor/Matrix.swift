/// A matrix of numbers without a graph. In contrast to a tensor it is `Sendable`, so retrievers use it for keys and queries.
public struct Matrix: Sendable, Equatable {
  public let rows: Int
  public let columns: Int
  /// The rows · columns numbers in row-major order.
  public let values: [Float]

  public init(rows: Int, columns: Int, values: [Float]) {
    precondition(
      rows >= 0 && columns >= 0 && values.count == rows * columns, "\(values.count) values for \(rows) × \(columns)")
    (self.rows, self.columns, self.values) = (rows, columns, values)
  }

  /// Creates a matrix of the values of a tensor. All axes but the last are merged into rows.
  public init(_ tensor: Tensor) {
    self.init(rows: tensor.shape.rows, columns: tensor.shape.columns, values: tensor.values)
  }

  /// A tensor of shape [rows, columns] with the same numbers.
  public var tensor: Tensor { Tensor(values, [rows, columns]) }

  /// Returns one row.
  public func row(_ index: Int) -> ArraySlice<Float> { values[index * columns..<(index + 1) * columns] }

  /// Returns a matrix of the rows with these indices, in this order.
  public func gathered(_ indices: [Int]) -> Matrix {
    var picked: [Float] = []
    picked.reserveCapacity(indices.count * columns)
    for index in indices { picked.append(contentsOf: row(index)) }
    return Matrix(rows: indices.count, columns: columns, values: picked)
  }
}

extension Matrix {
  /// Returns ‖row‖² of each row.
  ///
  /// It is finite if and only if the dot product of the row with a vector of length 1 cannot overflow, which callers check.
  public func squaredNorms() -> [Float] {
    values.withUnsafeBufferPointer { values in
      (0..<rows).map { row in
        values.baseAddress.map { kernels.dot($0 + row * columns, $0 + row * columns, columns) } ?? 0
      }
    }
  }

  /// Calculates products[i] = query · row `indices[i]` for every index. The rest of `products` is left unchanged.
  ///
  /// The caller supplies the memory for the products, so that a search of a graph can reuse it.
  public func dotProducts(of query: Span<Float>, withRows indices: ArraySlice<Int32>, into products: inout [Float]) {
    precondition(query.count == columns, "the dot product of \(query.count) and \(columns) numbers")
    precondition(products.count >= indices.count, "\(indices.count) dot products into room for \(products.count)")
    let dot = kernels.dot
    values.withUnsafeBufferPointer { values in
      query.withUnsafeBufferPointer { query in
        indices.withUnsafeBufferPointer { indices in
          products.withUnsafeMutableBufferPointer { products in
            for (i, index) in indices.enumerated() {
              precondition(index >= 0 && index < rows, "row \(index) of \(rows)")
              guard let x = query.baseAddress, let y = values.baseAddress else {  // vectors of no numbers
                products[i] = 0
                continue
              }
              products[i] = dot(x, y + Int(index) * columns, columns)
            }
          }
        }
      }
    }
  }
}

/// Returns the dot product Σ aᵢ·bᵢ of two vectors of the same length.
public func dotProduct(_ a: Span<Float>, _ b: Span<Float>) -> Float {
  precondition(a.count == b.count, "the dot product of \(a.count) and \(b.count) numbers")
  return a.withUnsafeBufferPointer { a in
    b.withUnsafeBufferPointer { b in
      guard let x = a.baseAddress, let y = b.baseAddress else { return 0 }
      return kernels.dot(x, y, a.count)
    }
  }
}
