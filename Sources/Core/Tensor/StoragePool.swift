import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A pool that reuses blocks of memory by size class, so that a training step of the same shapes as the one before allocates
/// nothing.
///
/// Batches of ever new lengths would fill the pool with blocks of every size, so unused blocks are returned to the system in two
/// cases. After every `epoch` requests the pool returns the blocks that were never used during that time. When the unused blocks
/// exceed twice the largest amount of memory that was recently in use at once, it returns those of the size that was requested
/// the longest time ago.
///
/// `Sendable` is unchecked, because the compiler does not know that `lock` protects `state`. A `Mutex` would be checked, but the
/// thread sanitizer does not support it and would report a race for every block that moves between threads.
package final class StoragePool: @unchecked Sendable {
  /// An unused block. `Sendable` is unchecked, but no other thread has the pointer of an unused block.
  private struct Block: @unchecked Sendable { let pointer: UnsafeMutablePointer<Float> }

  /// The unused blocks of one size, of which the last is taken first. The first ones are therefore those that are not needed.
  private struct Shelf {
    var blocks: [Block] = []
    /// The smallest number of blocks here since the epoch began, which is the number that nobody needed.
    var unneeded = 0
    /// The value of `takes` when a block of this size was last requested.
    var lastTake = 0
  }

  private struct State {
    /// The unused blocks by their size in floats.
    var shelves: [Int: Shelf] = [:]
    /// The number of requests so far.
    var takes = 0
    // The following four count floats.
    var used = 0
    var idle = 0
    /// The largest amount that was in use at once, in this epoch and in the one before.
    var peak = 0
    var earlierPeak = 0

    /// Takes a block of this size, if there is one.
    mutating func take(_ capacity: Int) -> Block? {
      takes += 1
      used += capacity
      peak = max(peak, used)
      guard let place = shelves.index(forKey: capacity) else { return nil }
      shelves.values[place].lastTake = takes
      guard let block = shelves.values[place].blocks.popLast() else { return nil }
      idle -= capacity
      shelves.values[place].unneeded = min(shelves.values[place].unneeded, shelves.values[place].blocks.count)
      return block
    }

    mutating func give(_ block: Block, _ capacity: Int) {
      used -= capacity
      idle += capacity
      let now = takes
      shelves[capacity, default: Shelf(lastTake: now)].blocks.append(block)
    }

    /// Removes and returns the blocks that were not needed in this epoch, and begins the next one.
    mutating func endEpoch() -> [Block] {
      var leaving: [Block] = []
      for (size, shelf) in shelves {
        leaving += shelf.blocks.prefix(shelf.unneeded)
        idle -= shelf.unneeded * size
        shelves[size]?.blocks.removeFirst(shelf.unneeded)
        shelves[size]?.unneeded = shelf.blocks.count - shelf.unneeded
        if shelf.blocks.count == shelf.unneeded { shelves[size] = nil }
      }
      (earlierPeak, peak) = (peak, used)
      return leaving
    }

    /// Removes and returns blocks, those of the least recently requested size first, until the unused memory is within its limit.
    mutating func shrink() -> [Block] {
      var leaving: [Block] = []
      while idle > 2 * max(peak, earlierPeak),
        let size = shelves.min(by: { $0.value.lastTake < $1.value.lastTake })?.key
      {
        leaving.append(contentsOf: shelves[size]?.blocks ?? [])
        idle -= size * (shelves[size]?.blocks.count ?? 0)
        shelves[size] = nil
      }
      return leaving
    }
  }

  private var state = State()
  private let lock = NSLock()
  private let requests = Atomic<Int>(0)
  private let epoch: Int
  private let poisons: Bool

  /// Creates an empty pool.
  ///
  /// - Parameters:
  ///   - epoch: The number of requests after which unused blocks are returned. A training step of a small model makes some
  ///     thousands of requests.
  ///   - poisons: Whether blocks are filled with signalling NaN when they come from the system and when they are given back.
  ///     Code that reads memory before it writes it, or after it has given it back, then produces NaN.
  package init(
    epoch: Int = 1 << 18, poisons: Bool = ProcessInfo.processInfo.environment["DISTILL_POISON"] == "1"
  ) {
    (self.epoch, self.poisons) = (epoch, poisons)
  }

  deinit { trim() }

  /// The number of requests to the system. It stays the same while a loop repeats steps of the same shapes.
  package var systemRequests: Int { requests.load(ordering: .relaxed) }

  /// The number of bytes in unused blocks.
  package var idleBytes: Int { lock.withLock { state.idle } * MemoryLayout<Float>.stride }

  /// Rounds a number of floats up to a size class. There are eight classes between powers of two, so at most an eighth is wasted.
  static func sizeClass(_ count: Int) -> Int {
    let wanted = max(count, 64)
    let step = max(64, 1 << (Int.bitWidth - 1 - wanted.leadingZeroBitCount - 3))
    return (wanted + step - 1) / step * step
  }

  /// Returns a block for at least `count` floats, and its capacity.
  ///
  /// If the system has no more memory, the process ends with a message and status 1. This function does not throw, because tensor
  /// operations do not throw: `a + b` would become `try a + b` everywhere, for an error after which hardly any caller could
  /// continue. Parameters that cannot fit in memory are refused earlier, by ``ParameterStore``.
  package func take(_ count: Int) -> (UnsafeMutablePointer<Float>, Int) {
    let capacity = Self.sizeClass(count)
    let (block, leaving) = lock.withLock {
      (state.take(capacity), state.takes.isMultiple(of: epoch) ? state.endEpoch() : [])
    }
    for old in leaving { free(old.pointer) }
    if let block { return (block.pointer, capacity) }
    requests.add(1, ordering: .relaxed)
    guard
      let fresh = request(capacity)
        ?? {
          trim(); return request(capacity)
        }()
    else { Self.endProcess(capacity) }
    if poisons { poison(fresh, capacity) }
    return (fresh, capacity)
  }

  /// Gives back a block that ``take(_:)`` returned.
  package func give(_ pointer: UnsafeMutablePointer<Float>, _ capacity: Int) {
    if poisons { poison(pointer, capacity) }
    let block = Block(pointer: pointer)
    let leaving = lock.withLock {
      state.give(block, capacity)
      return state.shrink()
    }
    for old in leaving { free(old.pointer) }
  }

  /// Returns every unused block to the system.
  package func trim() {
    let shelves = lock.withLock {
      defer { (state.shelves, state.idle) = ([:], 0) }
      return state.shelves.values.map(\.blocks)
    }
    for block in shelves.joined() { free(block.pointer) }
  }

  private func request(_ capacity: Int) -> UnsafeMutablePointer<Float>? {
    // Large blocks use huge pages, because reading a column of a matrix touches another small page in every row.
    let (bytes, page) = (capacity * MemoryLayout<Float>.stride, 2 << 20)
    var raw: UnsafeMutableRawPointer?
    guard posix_memalign(&raw, bytes < page ? 64 : page, bytes) == 0 else { return nil }
    #if canImport(Glibc)
      if bytes >= page { madvise(raw, bytes, MADV_HUGEPAGE) }
    #endif
    return raw?.bindMemory(to: Float.self, capacity: capacity)
  }

  private func poison(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) {
    pointer.withMemoryRebound(to: UInt32.self, capacity: count) {
      $0.update(repeating: Float.signalingNaN.bitPattern, count: count)
    }
  }

  /// Ends the process without memory: the message is short, and `_exit` skips exit handlers, which might wait for a lock.
  private static func endProcess(_ capacity: Int) -> Never {
    let message =
      "error: out of memory: an operation needs \(capacity / (1 << 18)) MiB; a smaller batch_size, micro_batch_size or "
      + "max_length may help\n"
    let bytes = Array(message.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
    _exit(1)
  }
}
