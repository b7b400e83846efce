import COpenBLAS

/// A matrix operand of ``multiply``: where it starts, how far apart its rows are, and whether it is read transposed.
struct Operand {
  let pointer: UnsafePointer<Float>
  let stride: Int
  let transposed: Bool

  init(_ pointer: UnsafePointer<Float>, stride: Int, transposed: Bool = false) {
    self.pointer = pointer
    self.stride = stride
    self.transposed = transposed
  }

  /// The operand from `row` of op(A) on.
  func row(_ row: Int) -> Operand {
    Operand(pointer + (transposed ? row : row * stride), stride: stride, transposed: transposed)
  }

  /// The operand from `column` of op(A) on.
  func column(_ column: Int) -> Operand {
    Operand(pointer + (transposed ? column * stride : column), stride: stride, transposed: transposed)
  }
}

/// C[m × n] = alpha · op(A)[m × k] · op(B)[k × n] + beta · C, on the calling thread.
@inline(__always)
func multiplySerial(
  _ m: Int, _ n: Int, _ k: Int, _ a: Operand, _ b: Operand, alpha: Float = 1, beta: Float = 0,
  into c: UnsafeMutablePointer<Float>, stride: Int
) {
  guard m > 0, n > 0 else { return }
  if k == 0 {  // an empty sum; BLAS would leave C alone without reading beta in some versions
    for row in 0..<m {
      for column in 0..<n { c[row * stride + column] = beta == 0 ? 0 : beta * c[row * stride + column] }
    }
    return
  }
  cblas_sgemm(
    CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans, b.transposed ? CblasTrans : CblasNoTrans,
    blasint(m), blasint(n), blasint(k), alpha, a.pointer, blasint(a.stride), b.pointer, blasint(b.stride), beta, c,
    blasint(stride))
}

/// How many columns of A·Bᵀ to make at once where A has few rows, as for a single sentence; `n` where it has many.
///
/// Ahead of a product OpenBLAS copies B into an order of its own, which for few rows takes longer than the product. Pieces
/// below m·n = 1200 and m·n·k = 10⁶ it works out from B as it lies, where it has kernels for that.
private func thinWidth(_ m: Int, _ k: Int, of n: Int) -> Int {
  m <= 64 ? max(16, min(1200 / m, 1_000_000 / (m * k)) / 16 * 16) : n
}

/// C[m × n] = alpha · op(A)[m × k] · op(B)[k × n] + beta · C, its longer side split over the threads.
func multiply(
  _ m: Int, _ n: Int, _ k: Int, _ a: Operand, _ b: Operand, alpha: Float = 1, beta: Float = 0,
  into c: UnsafeMutablePointer<Float>, stride: Int
) {
  let block = 16  // whole micro-kernel tiles
  if m * n * k < 64 * 64 * 64 {
    multiplySerial(m, n, k, a, b, alpha: alpha, beta: beta, into: c, stride: stride)
  } else if m >= n {
    Compute.parallel((m + block - 1) / block) { tiles in
      let rows = tiles.lowerBound * block..<min(tiles.upperBound * block, m)
      multiplySerial(
        rows.count, n, k, a.row(rows.lowerBound), b, alpha: alpha, beta: beta, into: c + rows.lowerBound * stride,
        stride: stride)
    }
  } else {
    Compute.parallel((n + block - 1) / block) { tiles in
      let end = min(tiles.upperBound * block, n)
      let width = b.transposed && !a.transposed ? thinWidth(m, k, of: end) : end
      for column in Swift.stride(from: tiles.lowerBound * block, to: end, by: width) {
        multiplySerial(
          m, min(width, end - column), k, a, b.column(column), alpha: alpha, beta: beta, into: c + column,
          stride: stride)
      }
    }
  }
}
