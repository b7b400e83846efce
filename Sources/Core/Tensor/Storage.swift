/// A block of floats, 64-byte aligned, given back to the pool when the last tensor over it goes.
final class Storage {
  let pointer: UnsafeMutablePointer<Float>
  let capacity: Int
  /// Rounded copies of matrices in here: weights are read again and again.
  private var roundedCopies: [Place: RoundedOperand] = [:]
  private struct Place: Hashable { let offset: Int, rows: Int, columns: Int }

  /// Room for `count` floats, which are to be written before they are read.
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
