import Foundation

/// A block of floats, 64-byte aligned, given back to the pool when the last tensor over it goes.
final class Storage {
  let pointer: UnsafeMutablePointer<Float>
  let capacity: Int
  /// Rounded copies of matrices in here: weights are read again and again, by many tasks at once. Guarded by `lock`.
  private var roundedCopies: [Place: RoundedOperand] = [:]
  /// One for all, since hardly any storage has copies; held for a look into a dictionary, never while a copy is made. Not a
  /// `Mutex`, which the thread sanitizer does not see.
  private static let lock = NSLock()
  private struct Place: Hashable { let offset: Int, rows: Int, columns: Int }

  /// Room for `count` floats, which are to be written before they are read.
  init(count: Int) {
    (pointer, capacity) = Compute.engine.pool.take(count)
  }

  /// The same, filled with zeros.
  convenience init(zeros count: Int) {
    self.init(count: max(count, 1))
    pointer.update(repeating: 0, count: count)
  }

  deinit { Compute.engine.pool.give(pointer, capacity) }

  /// The matrix [rows, columns] at `offset` as the right side of a product that transposes it; kept, so what lies here may
  /// change only where ``overwritten()`` tells. Tasks that ask at once for the first time may each make a copy, of the same bits.
  func rounded(at offset: Int, rows: Int, columns: Int) -> RoundedOperand {
    let place = Place(offset: offset, rows: rows, columns: columns)
    if let copy = Self.lock.withLock({ roundedCopies[place] }) { return copy }
    let copy = RoundedOperand(
      right: Operand(pointer + offset, stride: columns, transposed: true), columns: rows, depth: columns)
    return Self.lock.withLock {
      let first = roundedCopies[place] ?? copy
      roundedCopies[place] = first
      return first
    }
  }

  /// To be called by whoever writes over values that were there for others to read.
  func overwritten() {
    // The old copies go after the lock is open: giving memory back takes the pool's.
    _ = Self.lock.withLock {
      defer { roundedCopies = [:] }
      return roundedCopies
    }
  }
}
