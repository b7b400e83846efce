import Foundation

/// A block of floats, aligned to 64 bytes, which returns to the pool when the last tensor that uses it is gone.
final class Storage {
  let pointer: UnsafeMutablePointer<Float>
  let capacity: Int
  /// Copies of matrices in this block in other precisions, packed for products, protected by `lock`.
  ///
  /// Weights are read again and again by many tasks at once, so they are rounded only once.
  private var copies: [Place: Storage] = [:]
  /// One lock for all storages, because few of them have copies. It is held during a look into a dictionary, but never while a
  /// copy is made. It is not a `Mutex`, which the thread sanitizer does not support.
  private static let lock = NSLock()
  private struct Place: Hashable {
    let offset: Int, rows: Int, columns: Int
    let precision: Precision
    var hasFactors = false
  }

  /// Creates room for `count` floats, which must be written before they are read.
  init(count: Int) {
    (pointer, capacity) = Compute.engine.pool.take(count)
  }

  /// Creates room for `count` floats, filled with zeros.
  convenience init(zeros count: Int) {
    self.init(count: max(count, 1))
    pointer.update(repeating: 0, count: count)
  }

  deinit { Compute.engine.pool.give(pointer, capacity) }

  /// Returns the matrix [rows, columns] at `offset`, rounded to bfloat16, as the right operand of a product that transposes it.
  ///
  /// The copy is kept, so whoever changes the values here later must call ``overwritten()``. Tasks that ask for a new copy at the
  /// same time may each make one, but all copies have the same bits.
  func rounded(at offset: Int, rows: Int, columns: Int) -> RoundedOperand {
    let matrix = Operand(pointer + offset, stride: columns, transposed: true)
    let copy = copy(Place(offset: offset, rows: rows, columns: columns, precision: .bfloat16)) {
      RoundedOperand(right: matrix, columns: rows, depth: columns).storage
    }
    return RoundedOperand(storage: copy, transposed: true)
  }

  /// Returns the matrix [rows, columns] at `offset` in bytes, as the right operand of a product that transposes it; see
  /// ``rounded(at:rows:columns:)``. The copy remembers `norm`, too.
  func quantised(at offset: Int, rows: Int, columns: Int, norm: LayerNormParameters?) -> QuantisedWeight {
    let place = Place(offset: offset, rows: rows, columns: columns, precision: .int8, hasFactors: norm != nil)
    let copy = copy(place) {
      QuantisedWeight(Operand(pointer + offset, stride: columns), rows: rows, depth: columns, norm: norm).panels
    }
    return QuantisedWeight(panels: copy, rows: rows, depth: columns, hasFactors: norm != nil)
  }

  private func copy(_ place: Place, _ make: () -> Storage) -> Storage {
    if let copy = Self.lock.withLock({ copies[place] }) { return copy }
    let copy = make()
    return Self.lock.withLock {
      let first = copies[place] ?? copy
      copies[place] = first
      return first
    }
  }

  /// Discards the copies in other precisions. It must be called after every change of values that others may have read.
  func overwritten() {
    // The old copies are returned from the closure, so that they are freed after the lock: freeing them takes the pool's lock.
    _ = Self.lock.withLock {
      defer { copies = [:] }
      return copies
    }
  }
}
