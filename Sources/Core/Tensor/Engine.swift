import CDistillKernels
import COpenBLAS
import Foundation

/// The resources that exist once in a process: the table of kernels, the pool of threads and the pool of memory.
///
/// `Sendable` is unchecked because of the pointers. All properties are constant after `init`, and both pools are thread-safe.
final class Engine: @unchecked Sendable {
  let kernels: UnsafePointer<distill_kernels>
  /// The kernels for bfloat16; `nil` if the processor has none.
  let bfloat16: UnsafePointer<distill_bfloat16_kernels>?
  /// The kernels for bytes; `nil` if the processor has none.
  let int8: UnsafePointer<distill_int8_kernels>?
  let workers: OpaquePointer
  let threads: Int
  let pool = StoragePool()

  init() {
    guard let best = distill_kernels_best() else {
      preconditionFailure("DISTILL_ISA names an instruction set that this machine does not have")
    }
    kernels = best
    bfloat16 = distill_bfloat16_best()
    int8 = distill_int8_best()
    threads =
      ProcessInfo.processInfo.environment["DISTILL_THREADS"].flatMap(Int.init)
      ?? ProcessInfo.processInfo.activeProcessorCount
    precondition((1...1024).contains(threads), "DISTILL_THREADS must be between 1 and 1024")
    openblas_set_num_threads(1)  // our own threads divide the work, so BLAS must not divide it again
    guard let pool = distill_pool_create(Int32(threads)) else { preconditionFailure("cannot start threads") }
    workers = pool
  }
}

/// The table of kernels, under a short name because every operation uses it.
@inline(__always) var kernels: distill_kernels { Compute.engine.kernels.pointee }
