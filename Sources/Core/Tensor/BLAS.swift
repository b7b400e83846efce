import COpenBLAS
import Foundation

/// An operand of a matrix product: its first element, the distance between its rows, and whether it is read as a transpose.
struct Operand {
  let pointer: UnsafePointer<Float>
  let stride: Int
  let transposed: Bool

  init(_ pointer: UnsafePointer<Float>, stride: Int, transposed: Bool = false) {
    self.pointer = pointer
    self.stride = stride
    self.transposed = transposed
  }

  /// The part of the operand that begins at a row of op(A).
  func row(_ row: Int) -> Operand {
    Operand(pointer + (transposed ? row : row * stride), stride: stride, transposed: transposed)
  }

  /// The part of the operand that begins at a column of op(A).
  func column(_ column: Int) -> Operand {
    Operand(pointer + (transposed ? column * stride : column), stride: stride, transposed: transposed)
  }
}

extension Compute {
  /// A description of the BLAS in use: its version, its build options, and the processor that it has chosen its kernels for.
  ///
  /// It is read only once, because OpenBLAS writes it into a shared buffer, and two threads that read it at the same time would
  /// both get a mixture.
  package static let blas =
    openblas_get_config().map { String(cString: $0).trimmingCharacters(in: .whitespaces) } ?? "unknown"
}

/// Calculates C[m × n] = op(A)[m × k] · op(B)[k × n] + beta · C on the calling thread, with OpenBLAS. C is not read if beta is 0.
@inline(__always)
func multiplySerial(
  _ m: Int, _ n: Int, _ k: Int, _ a: Operand, _ b: Operand, beta: Float = 0,
  into c: UnsafeMutablePointer<Float>, stride: Int
) {
  guard m > 0, n > 0 else { return }
  if k == 0 {  // an empty sum: some versions of BLAS would leave C as it is, whatever beta is
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
