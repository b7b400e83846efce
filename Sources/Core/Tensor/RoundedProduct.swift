import CDistillKernels

/// An operand of a matrix product that is rounded to bfloat16 and packed in the order in which the kernel reads it.
struct RoundedOperand {
  let storage: Storage
  let transposed: Bool

  init(storage: Storage, transposed: Bool) { (self.storage, self.transposed) = (storage, transposed) }

  /// Packs the left operand, op(A) [rows, depth].
  init(left a: Operand, rows: Int, depth: Int) {
    let kernels = bfloat16
    self.init(rows, depth, by: kernels.tile, a.transposed) { out, first, count in
      kernels.pack_left(out, a.row(first).pointer, count, depth, a.stride, a.transposed ? 1 : 0)
    }
  }

  /// Packs the right operand, op(B) [depth, columns].
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
    let (pairs, units) = (pairs(depth), (count + unit - 1) / unit)
    let storage = Storage(count: units * unit * pairs)
    self.storage = storage
    Compute.parallel(units, grain: max(1, elementwiseGrain / (unit * max(depth, 1)))) { range in
      let first = range.lowerBound * unit
      pack(storage.pointer + first * pairs, first, min(range.upperBound * unit, count) - first)
    }
  }
}

/// Calculates C[m × n] = A[m × k] · B[k × n] + beta · C in parallel. C is not read if beta is 0.
///
/// Every element is the same sum, no matter how C is divided.
func multiply(
  _ m: Int, _ n: Int, _ k: Int, _ a: RoundedOperand, _ b: RoundedOperand, beta: Float = 0,
  into c: UnsafeMutablePointer<Float>, stride: Int
) {
  let (kernels, pairs) = (bfloat16, pairs(k))
  // These arguments may be the only references to the operands, whose memory must not be reused before the product is done.
  defer { withExtendedLifetime((a, b)) {} }
  ProductParts(rows: m, unit: kernels.tile, columns: n, unit: kernels.panel, depth: k).forEach { rows, columns in
    kernels.product(
      c + rows.lowerBound * stride + columns.lowerBound, a.storage.pointer + rows.lowerBound * pairs,
      b.storage.pointer + columns.lowerBound * pairs, rows.count, columns.count, k, stride, a.transposed ? 1 : 0, beta)
  }
}

/// Returns the number of pairs of a packed row or column, which is a multiple of the kernels' group.
private func pairs(_ depth: Int) -> Int {
  let group = bfloat16.group
  return ((depth + 1) / 2 + group - 1) / group * group
}

private var bfloat16: distill_bfloat16_kernels {
  guard let kernels = Compute.engine.bfloat16 else {
    preconditionFailure("this processor has no bfloat16: ask Precision.check() before it is chosen")
  }
  return kernels.pointee
}
