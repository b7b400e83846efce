import CDistillKernels
import COpenBLAS
import Foundation

/// The machine's arithmetic: vector kernels, worker threads, recycled memory.
///
/// There is one machine, so there is one engine in a process; it holds nothing that a result could depend on.
public enum Compute {
  /// How many threads operations of the current task may use; more than `DISTILL_THREADS`, or all cores, are not there. Work
  /// is cut by shapes, so no result depends on this number.
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

  /// Runs `body` on consecutive ranges of `0..<count`, on as many threads as there are for them. The ranges are fixed by
  /// `count` and `grain`, the items that are worth a hand-over, and never by the number of threads.
  static func parallel(_ count: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
    let parts = parts(count, grain: grain)
    if parts == 1 { return count > 0 ? body(0..<count) : () }
    parallel(parts: parts) { body(part($0, of: parts, count)) }
  }

  /// Into how many parts `count` items are cut: a power of two, so that two, four or eight threads have equal shares.
  static func parts(_ count: Int, grain: Int, most: Int = 64) -> Int {
    let parts = max(1, min(most, count / max(grain, 1)))
    return 1 << (Int.bitWidth - 1 - parts.leadingZeroBitCount)
  }

  /// One of `parts` parts of `0..<count`, which begins and, but for the last, ends at a multiple of `unit`.
  static func part(_ part: Int, of parts: Int, _ count: Int, unit: Int = 1) -> Range<Int> {
    let units = (count + unit - 1) / unit
    return min(units * part / parts * unit, count)..<min(units * (part + 1) / parts * unit, count)
  }

  /// Runs `body(0)` … `body(parts - 1)`, each on any thread: what a part gives may not depend on who runs it, nor when.
  static func parallel(parts: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      var context = PoolContext(body: body)
      withUnsafeMutablePointer(to: &context) { context in
        distill_pool_run(
          engine.workers, Int32(clamping: threads), Int32(parts),
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
