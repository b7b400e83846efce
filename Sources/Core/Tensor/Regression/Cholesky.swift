/// The Cholesky factor L of a symmetric positive definite matrix A = L·Lᵀ, in double precision.
struct Cholesky {
  private let size: Int
  /// L in row-major order. What is above the diagonal is not read.
  private var factor: [Double]

  /// Factorises a matrix of which only the lower triangle is read.
  ///
  /// - Throws: ``ComputeError`` if the matrix is not positive definite within rounding.
  init(_ matrix: [Double], size: Int) throws {
    precondition(matrix.count == size * size, "\(matrix.count) values for \(size) × \(size)")
    self.size = size
    factor = matrix
    let isPositive = factor.withUnsafeMutableBufferPointer { buffer in
      guard let l = buffer.baseAddress else { return true }
      for column in 0..<size {
        let pivotRow = l + column * size
        let pivot = pivotRow[column] - dotProduct(pivotRow, pivotRow, column)
        guard pivot > 0, pivot.isFinite else { return false }
        pivotRow[column] = pivot.squareRoot()
        let below = column + 1
        Compute.parallel(size - below, grain: 65_536 / below) { rows in
          for row in rows.lowerBound + below..<rows.upperBound + below {
            let rowStart = l + row * size
            rowStart[column] = (rowStart[column] - dotProduct(rowStart, pivotRow, column)) / pivotRow[column]
          }
        }
      }
      return true
    }
    guard isPositive else {
      throw ComputeError("a regression whose columns depend on each other: it needs a larger penalty")
    }
  }

  /// Returns X with A·X = B: B [size, columns] → X [size, columns], both in row-major order.
  func solve(_ right: [Double], columns: Int) -> [Double] {
    precondition(right.count == size * columns, "\(right.count) values for \(size) × \(columns)")
    var x = right
    x.withUnsafeMutableBufferPointer { x in
      factor.withUnsafeBufferPointer { l in
        let x = x
        Compute.parallel(columns, grain: 16) { part in
          func subtract(_ factor: Double, _ source: Int, from row: Int) {
            for i in part { x[row * columns + i] -= factor * x[source * columns + i] }
          }
          for row in 0..<size {
            for other in 0..<row { subtract(l[row * size + other], other, from: row) }
            for i in part { x[row * columns + i] /= l[row * size + row] }
          }
          for row in (0..<size).reversed() {
            for i in part { x[row * columns + i] /= l[row * size + row] }
            for other in 0..<row { subtract(l[row * size + other], row, from: other) }
          }
        }
      }
    }
    return x
  }
}

/// Returns Σ aᵢ·bᵢ in double precision. Eight sums at once are fast, and their order is fixed.
func dotProduct(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
  var sums = SIMD8<Double>(repeating: 0)
  let whole = count & ~7
  for i in stride(from: 0, to: whole, by: 8) {
    sums +=
      UnsafeRawPointer(a + i).loadUnaligned(as: SIMD8<Double>.self)
      * UnsafeRawPointer(b + i).loadUnaligned(as: SIMD8<Double>.self)
  }
  return (whole..<count).reduce(sums.sum()) { $0 + a[$1] * b[$1] }
}
