import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A block of floats, 64-byte aligned, given back to the pool when the last tensor over it goes.
final class Storage {
  let pointer: UnsafeMutablePointer<Float>
  let capacity: Int
  /// Rounded copies of matrices in here: weights are read again and again.
  private var roundedCopies: [Place: RoundedOperand] = [:]
  private struct Place: Hashable { let offset: Int, rows: Int, columns: Int }

  /// Room for `count` floats; their values are whatever was there before.
  init(count: Int) {
    (pointer, capacity) = Compute.engine.pool.take(count)
  }

  deinit { Compute.engine.pool.give(pointer, capacity) }

  /// The matrix [rows, columns] at `offset` as the right side of a product that transposes it; made once,
  /// so what lies here may change only where ``overwritten()`` tells.
  func rounded(at offset: Int, rows: Int, columns: Int) -> RoundedOperand {
    let place = Place(offset: offset, rows: rows, columns: columns)
    if let copy = roundedCopies[place] { return copy }
    let copy = RoundedOperand(
      right: Operand(pointer + offset, stride: columns, transposed: true), columns: rows, depth: columns)
    roundedCopies[place] = copy
    return copy
  }

  /// To be called by whoever writes over values that were there for others to read.
  func overwritten() { roundedCopies = [:] }
}

/// Recycles blocks by size class, so that a training step that looks like the one before allocates nothing.
final class StoragePool: Sendable {
  // An unused block: nobody else has it.
  private struct Block: @unchecked Sendable { let pointer: UnsafeMutablePointer<Float> }
  private let free = Mutex<[Int: [Block]]>([:])
  private let requests = Atomic<Int>(0)
  /// How often the system was asked for memory: stands still while a loop repeats itself.
  var systemRequests: Int { requests.load(ordering: .relaxed) }

  /// Sizes are rounded up to one of eight steps between powers of two: at most an eighth is wasted.
  static func sizeClass(_ count: Int) -> Int {
    let wanted = max(count, 64)
    let step = max(64, 1 << (Int.bitWidth - 1 - wanted.leadingZeroBitCount - 3))
    return (wanted + step - 1) / step * step
  }

  func take(_ count: Int) -> (UnsafeMutablePointer<Float>, Int) {
    let capacity = Self.sizeClass(count)
    if let block = free.withLock({ $0[capacity]?.popLast() }) { return (block.pointer, capacity) }
    requests.add(1, ordering: .relaxed)
    var raw: UnsafeMutableRawPointer?
    let status = posix_memalign(&raw, 64, capacity * MemoryLayout<Float>.stride)
    guard status == 0, let raw else { preconditionFailure("out of memory for \(capacity) floats") }
    return (raw.bindMemory(to: Float.self, capacity: capacity), capacity)
  }

  func give(_ pointer: UnsafeMutablePointer<Float>, _ capacity: Int) {
    let block = Block(pointer: pointer)
    free.withLock { $0[capacity, default: []].append(block) }
  }

  /// Returns every unused block to the system.
  func trim() {
    let blocks = free.withLock { classes in
      defer { classes = [:] }
      return classes.values.flatMap { $0 }
    }
    for block in blocks { free_(block.pointer) }
  }

  private func free_(_ pointer: UnsafeMutablePointer<Float>) {
    #if canImport(Glibc)
      Glibc.free(pointer)
    #else
      Darwin.free(pointer)
    #endif
  }
}
