import CDistillKernels

/// One side of a product, rounded to bfloat16 and in the order in which the kernel reads it.
struct RoundedOperand {
  let storage: Storage
  let transposed: Bool

  /// op(A) [rows, depth]
  init(left a: Operand, rows: Int, depth: Int) {
    let kernels = bfloat16
    self.init(rows, depth, by: kernels.tile, a.transposed) { out, first, count in
      kernels.pack_left(out, a.row(first).pointer, count, depth, a.stride, a.transposed ? 1 : 0)
    }
  }

  /// op(B) [depth, columns]
  init(right b: Operand, columns: Int, depth: Int) {
    let kernels = bfloat16
    self.init(columns, depth, by: kernels.panel, b.transposed) { out, first, count in
      kernels.pack_right(out, b.column(first).pointer, count, depth, b.stride, b.transposed ? 1 : 0)
    }
  }

  private init(
    _ count: Int, _ depth: Int, by unit: Int, _ transposed: Bool,
    pack: (_ out: UnsafeMutablePointer<Float>, _ first: Int, _ count: Int) -> Void
  ) {
    self.transposed = transposed
    let (pairs, units) = ((depth + 1) / 2, (count + unit - 1) / unit)
    let storage = Storage(count: units * unit * pairs)
    self.storage = storage
    Compute.parallel(units, grain: max(1, elementwiseGrain / (unit * max(depth, 1)))) { range in
      let first = range.lowerBound * unit
      pack(storage.pointer + first * pairs, first, min(range.upperBound * unit, count) - first)
    }
  }
}

/// C[m × n] = A[m × k] · B[k × n] + beta · C, its longer side split over the threads. Every element is the same sum, however
/// it is split.
func multiply(
  _ m: Int, _ n: Int, _ k: Int, _ a: RoundedOperand, _ b: RoundedOperand, beta: Float = 0,
  into c: UnsafeMutablePointer<Float>, stride: Int
) {
  let (kernels, pairs) = (bfloat16, (k + 1) / 2)
  func part(_ rows: Range<Int>, _ columns: Range<Int>) {
    kernels.product(
      c + rows.lowerBound * stride + columns.lowerBound, a.storage.pointer + rows.lowerBound * pairs,
      b.storage.pointer + columns.lowerBound * pairs, rows.count, columns.count, k, stride, a.transposed ? 1 : 0, beta)
  }
  // Nothing but these arguments may hold on to the operands.
  defer { withExtendedLifetime((a, b)) {} }
  if m * n * k < 64 * 64 * 64 {
    part(0..<m, 0..<n)
  } else if m >= n {
    Compute.parallel((m + kernels.tile - 1) / kernels.tile) { tiles in
      part(tiles.lowerBound * kernels.tile..<min(tiles.upperBound * kernels.tile, m), 0..<n)
    }
  } else {
    Compute.parallel((n + kernels.panel - 1) / kernels.panel) { panels in
      part(0..<m, panels.lowerBound * kernels.panel..<min(panels.upperBound * kernels.panel, n))
    }
  }
}

private var bfloat16: distill_bfloat16_kernels {
  guard let kernels = Compute.engine.bfloat16 else {
    preconditionFailure("this processor has no bfloat16: ask Precision.check() before it is chosen")
  }
  return kernels.pointee
}
