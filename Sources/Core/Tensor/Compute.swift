import CDistillKernels
import COpenBLAS
import Foundation

/// The machine's arithmetic: vector kernels, worker threads, recycled memory.
///
/// There is one machine, so there is one engine in a process; it holds nothing that a result could depend on.
public enum Compute {
  /// How many threads operations of the current task are split over. The split is fixed by this number alone, so results
  /// depend on it and never on timing. From `DISTILL_THREADS`, or all cores.
  @TaskLocal public static var threads: Int = engine.threads

  /// What linear layers of the current task calculate in: `Compute.$precision.withValue(.bfloat16) { … }`, after
  /// ``Precision/check()``. A pipeline's run, plan and answers set their own.
  @TaskLocal public static var precision = Precision.float32

  /// The instruction set in use: `avx512`, `avx2`, `neon` or `plain`; `DISTILL_ISA` forces one.
  public static var instructionSet: String { String(cString: engine.kernels.pointee.name) }

  /// Gives unused pooled memory back to the system.
  public static func trimMemory() { engine.pool.trim() }

  /// How often the pool had to ask the system for memory so far.
  package static var systemRequests: Int { engine.pool.systemRequests }

  /// Checks `DISTILL_ISA` and `DISTILL_THREADS`; a program calls it first, to say what is wrong in its own way.
  /// - Throws: ``ComputeError`` when a variable asks for what this machine does not have.
  public static func checkEnvironment() throws {
    let environment = ProcessInfo.processInfo.environment
    if distill_kernels_best() == nil {
      throw ComputeError(
        "DISTILL_ISA=\(environment["DISTILL_ISA"] ?? "") is not an instruction set of this machine; "
          + "use avx512, avx2, neon or plain, or leave it unset")
    }
    if let threads = environment["DISTILL_THREADS"], !(1...1024).contains(Int(threads) ?? 0) {
      throw ComputeError("DISTILL_THREADS=\(threads) is not a number of threads; use 1 to 1024, or leave it unset")
    }
  }

  static let engine = Engine()

  /// Runs `body` on consecutive ranges of `0..<count`, one per thread, fixed by `count` and ``threads`` alone.
  /// Work below `grain` items per thread stays on the calling one.
  static func parallel(_ count: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
    let parts = min(threads, count / max(grain, 1))
    if parts <= 1 { return count > 0 ? body(0..<count) : () }
    parallel(parts: parts) { part in body(count * part / parts..<count * (part + 1) / parts) }
  }

  /// Runs `body(0)` … `body(parts - 1)`, each on a thread of its own.
  static func parallel(parts: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      var context = PoolContext(body: body)
      withUnsafeMutablePointer(to: &context) { context in
        distill_pool_run(
          engine.workers, Int32(parts),
          { context, part in context!.assumingMemoryBound(to: PoolContext.self).pointee.body(Int(part)) }, context)
      }
    }
  }
}

private struct PoolContext { let body: (Int) -> Void }

/// The environment asks for something that the machine does not have.
public struct ComputeError: Error, CustomStringConvertible, Sendable {
  public let description: String
  init(_ description: String) { self.description = description }
}

/// What is made once: the kernel table, the pool of threads and the pool of memory.
///
/// Unchecked, but all of it is constant after `init`, and the two pools lock for themselves.
final class Engine: @unchecked Sendable {
  let kernels: UnsafePointer<distill_kernels>
  /// Nil where the processor has none.
  let bfloat16: UnsafePointer<distill_bfloat16_kernels>?
  let workers: OpaquePointer
  let threads: Int
  let pool = StoragePool()

  init() {
    guard let best = distill_kernels_best() else {
      preconditionFailure("DISTILL_ISA names an instruction set that this machine does not have")
    }
    kernels = best
    bfloat16 = distill_bfloat16_best()
    threads =
      ProcessInfo.processInfo.environment["DISTILL_THREADS"].flatMap(Int.init)
      ?? ProcessInfo.processInfo.activeProcessorCount
    precondition((1...1024).contains(threads), "DISTILL_THREADS must be between 1 and 1024")
    openblas_set_num_threads(1)  // our threads split the work; BLAS must not split it again
    guard let pool = distill_pool_create(Int32(threads)) else { preconditionFailure("cannot start threads") }
    workers = pool
  }
}

/// The kernel table, under a short name for the operations.
@inline(__always) var kernels: distill_kernels { Compute.engine.kernels.pointee }
