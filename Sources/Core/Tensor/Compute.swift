import CDistillKernels
import COpenBLAS
import Foundation

/// The settings and the shared resources of all calculations: vector kernels, worker threads and a pool of memory.
///
/// A process has one set of these resources, because they belong to the machine. They hold no state that a result depends on.
public enum Compute {
  /// The number of threads that operations of the current task may use.
  ///
  /// The default and the maximum is `DISTILL_THREADS`, or the number of cores. Work is divided by shapes alone, so no result
  /// depends on this number.
  @TaskLocal public static var threads: Int = engine.threads

  /// The precision of linear layers in the current task.
  ///
  /// Call ``Precision/check()`` before `Compute.$precision.withValue(.bfloat16) { … }`. Runs, plans and predictions of a pipeline
  /// set this value themselves.
  @TaskLocal public static var precision = Precision.float32

  /// The instruction set in use: `avx512`, `avx2`, `neon` or `plain`. The environment variable `DISTILL_ISA` selects one, and
  /// excludes AMX, which products in bfloat16 use where it is there.
  public static var instructionSet: String { String(cString: engine.kernels.pointee.name) }

  /// Returns the unused memory of the pool to the system.
  package static func trimMemory() { engine.pool.trim() }

  /// The number of times that the pool has requested memory from the system.
  package static var systemRequests: Int { engine.pool.systemRequests }

  /// Checks the environment variables `DISTILL_ISA` and `DISTILL_THREADS`.
  ///
  /// A program should call this before any calculation, because a wrong value ends the process later.
  /// - Throws: ``ComputeError`` if a variable has a value that this machine does not support.
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

  /// Calls `body` with consecutive ranges of `0..<count`, in parallel.
  ///
  /// The ranges depend on `count` and `grain` and never on the number of threads.
  /// - Parameter grain: The smallest number of items for which it is worth involving another thread.
  static func parallel(_ count: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
    let parts = parts(count, grain: grain)
    if parts == 1 { return count > 0 ? body(0..<count) : () }
    parallel(parts: parts) { body(part($0, of: parts, count)) }
  }

  /// Returns the number of parts that `count` items are divided into.
  ///
  /// It is a power of two, so that two, four or eight threads have equal shares.
  static func parts(_ count: Int, grain: Int, most: Int = 64) -> Int {
    let parts = max(1, min(most, count / max(grain, 1)))
    return 1 << (Int.bitWidth - 1 - parts.leadingZeroBitCount)
  }

  /// Returns one of `parts` parts of `0..<count`. All boundaries between parts are multiples of `unit`.
  static func part(_ part: Int, of parts: Int, _ count: Int, unit: Int = 1) -> Range<Int> {
    let units = (count + unit - 1) / unit
    return min(units * part / parts * unit, count)..<min(units * (part + 1) / parts * unit, count)
  }

  /// Returns the results of `body(0)` … `body(parts - 1)`, which are calculated in parallel. They must not depend on the thread or
  /// the order.
  public static func map<Result: Sendable>(parts: Int, _ body: @Sendable (Int) -> Result) -> [Result] {
    [Result](unsafeUninitializedCapacity: parts) { results, count in
      let first = results.baseAddress
      parallel(parts: parts) { part in (first! + part).initialize(to: body(part)) }
      count = parts
    }
  }

  /// Calls `body(0)` … `body(parts - 1)` in parallel. The result of a part must not depend on the thread or the order.
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
