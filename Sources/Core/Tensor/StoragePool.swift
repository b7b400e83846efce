import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Recycles blocks by size class, so that a training step that looks like the one before allocates nothing.
///
/// What nobody needed for a while goes back to the system: every ``epoch`` takes, the blocks that lay unused all that time; and
/// whenever more than twice as much lies unused as was in use at once of late, the blocks of the size that was needed longest
/// ago. So batches of ever new lengths do not leave blocks of every size behind for ever.
///
/// Unchecked, because `state` is behind a lock that the compiler does not know: the thread sanitizer does not know `Mutex`, and
/// would take every block that goes from one thread to another for a race.
package final class StoragePool: @unchecked Sendable {
  // An unused block: nobody else has it.
  private struct Block: @unchecked Sendable { let pointer: UnsafeMutablePointer<Float> }

  /// Unused blocks of one size, in floats. The last one is used first, so the first ones are those that nobody needs.
  private struct Shelf {
    var blocks: [Block] = []
    /// The fewest blocks that were here since the epoch began: that many were not needed.
    var unneeded = 0
    var lastTake = 0
  }

  private struct State {
    var shelves: [Int: Shelf] = [:]
    var takes = 0
    // In floats.
    var used = 0
    var idle = 0
    /// The most that was in use at once, in this epoch and in the one before.
    var peak = 0
    var earlierPeak = 0

    /// A block of this size, if there is one.
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

    /// Takes the blocks off the shelves that were not needed, and begins an epoch.
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

    /// Takes blocks off the shelves that were not needed for the longest time, until no more lies there than may.
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

  /// - Parameters:
  ///   - epoch: takes after which a block that lay unused goes back; a training step of a small model takes some thousands.
  ///   - poisons: whether memory is filled with signalling NaN when it is given back, and when it comes from the system: then
  ///     whatever reads it before writing it shows.
  package init(
    epoch: Int = 1 << 18, poisons: Bool = ProcessInfo.processInfo.environment["DISTILL_POISON"] == "1"
  ) {
    (self.epoch, self.poisons) = (epoch, poisons)
  }

  deinit { trim() }

  /// How often the system was asked for memory: stands still while a loop repeats itself.
  package var systemRequests: Int { requests.load(ordering: .relaxed) }

  /// Bytes that lie unused.
  package var idleBytes: Int { lock.withLock { state.idle } * MemoryLayout<Float>.stride }

  /// Sizes are rounded up to one of eight steps between powers of two: at most an eighth is wasted.
  static func sizeClass(_ count: Int) -> Int {
    let wanted = max(count, 64)
    let step = max(64, 1 << (Int.bitWidth - 1 - wanted.leadingZeroBitCount - 3))
    return (wanted + step - 1) / step * step
  }

  /// Room for `count` floats or more.
  ///
  /// Where the system has no more, the process ends with a message and status 1. That is no thrown error, because the
  /// operations of a tensor expression do not throw: `a + b` would become `try a + b` everywhere, for an error that hardly a
  /// caller could go on after. What is too large by its nature is refused before: see ``ParameterStore``.
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
    // Large blocks ask for large pages: a walk along a column of a matrix meets another small one in each row.
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

  /// Not even a string may need memory of any size here, and nothing that runs at exit may wait for a lock.
  private static func endProcess(_ capacity: Int) -> Never {
    let message =
      "error: out of memory: an operation needs \(capacity / (1 << 18)) MiB; a smaller batch_size, micro_batch_size or "
      + "max_length may help\n"
    let bytes = Array(message.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
    _exit(1)
  }
}
