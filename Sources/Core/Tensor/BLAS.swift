import COpenBLAS
import Foundation

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

extension Compute {
  /// The BLAS in use: its version, how it was built, and the processor that it chose its kernels for.
  ///
  /// Asked for once: OpenBLAS writes its answer into one buffer, and two threads that ask at the same time both read a mixture.
  public static let blas =
    openblas_get_config().map { String(cString: $0).trimmingCharacters(in: .whitespaces) } ?? "unknown"
}

/// C[m × n] = op(A)[m × k] · op(B)[k × n] + beta · C, on the calling thread.
@inline(__always)
func multiplySerial(
  _ m: Int, _ n: Int, _ k: Int, _ a: Operand, _ b: Operand, beta: Float = 0,
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
    blasint(m), blasint(n), blasint(k), 1, a.pointer, blasint(a.stride), b.pointer, blasint(b.stride), beta, c,
    blasint(stride))
}
