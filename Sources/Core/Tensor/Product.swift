import CDistillKernels

/// Calculates C[m × n] = op(A)[m × k] · op(B)[k × n] + beta · C in parallel. C is not read if beta is 0.
///
/// The division of C into parts depends on m, n and k alone, so every element is the same sum on any number of threads. OpenBLAS
/// calculates small products on the calling thread. It does not calculate the parts of large ones, because it would pack B again
/// in each call, which costs a tenth of a product that is divided into four parts.
func multiply(
  _ m: Int, _ n: Int, _ k: Int, _ a: Operand, _ b: Operand, beta: Float = 0, into c: UnsafeMutablePointer<Float>,
  stride: Int
) {
  if m * n * k < 64 * 64 * 64 {
    multiplySerial(m, n, k, a, b, beta: beta, into: c, stride: stride)
  } else if m <= 32, m < n, b.transposed, !a.transposed, beta == 0 {
    // With few rows, packing B would take longer than the product itself.
    Compute.parallel(n, grain: 16) { columns in
      kernels.row_products(
        c + columns.lowerBound, a.pointer, b.column(columns.lowerBound).pointer, m, columns.count, k, stride, a.stride,
        b.stride)
    }
  } else {
    multiplyPanels(m, n, k, a, b, beta: beta, into: c, stride: stride)
  }
}

/// Calculates a large product: packs a slice of B, multiplies all rows of A by it in parallel, and goes on to the next slice.
private func multiplyPanels(
  _ m: Int, _ n: Int, _ k: Int, _ a: Operand, _ b: Operand, beta: Float, into c: UnsafeMutablePointer<Float>,
  stride: Int
) {
  let kernels = kernels
  let (tile, panel) = (kernels.tile, kernels.panel)
  let cut = ProductParts(rows: m, unit: tile, columns: n, unit: panel, depth: k)
  let panels = Storage(count: (n + panel - 1) / panel * panel * min(k, kernels.depth))
  for start in Swift.stride(from: 0, to: k, by: kernels.depth) {
    let depth = min(kernels.depth, k - start)
    let (a, b) = (a.column(start), b.row(start))
    Compute.parallel((n + panel - 1) / panel, grain: max(1, elementwiseGrain / (panel * depth))) { range in
      let first = range.lowerBound * panel
      kernels.pack_panels(
        panels.pointer + first * depth, b.column(first).pointer, min(range.upperBound * panel, n) - first, depth,
        b.stride, b.transposed ? 1 : 0)
    }
    cut.forEach { rows, columns in
      let scratch = Storage(count: kernels.scratch)
      kernels.panel_product(
        c + rows.lowerBound * stride + columns.lowerBound, a.row(rows.lowerBound).pointer,
        panels.pointer + columns.lowerBound * depth, scratch.pointer, rows.count, columns.count, depth, stride,
        a.stride, a.transposed ? 1 : 0, start == 0 ? beta : 1)
      withExtendedLifetime(scratch) {}
    }
  }
  withExtendedLifetime(panels) {}
}

/// The division of a product's result into parts, which depends on its shape alone.
///
/// The rows are divided into parts that are large enough to be worth packing. With few rows, the columns are divided, too.
struct ProductParts {
  let rows: Int, columns: Int
  private let rowUnit: Int, columnUnit: Int
  private let rowParts: Int, columnParts: Int

  /// The number of multiplications from which it is worth involving another thread. A few rows cost no less than eight, because the
  /// time is that of reading the other operand.
  private static let grain = 1 << 19

  init(rows: Int, unit rowUnit: Int, columns: Int, unit columnUnit: Int, depth: Int) {
    (self.rows, self.rowUnit, self.columns, self.columnUnit) = (rows, rowUnit, columns, columnUnit)
    rowParts = Compute.parts((rows + rowUnit - 1) / rowUnit, grain: max(1, 56 / rowUnit), most: 32)
    let fewest = rowParts > 1 ? 256 : min(256, Self.grain / (max(rows, 8) * max(depth, 1)))
    columnParts = Compute.parts(
      (columns + columnUnit - 1) / columnUnit, grain: max(1, fewest / columnUnit), most: max(1, 8 / rowParts))
  }

  func forEach(_ body: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void) {
    Compute.parallel(parts: rowParts * columnParts) { part in
      body(
        Compute.part(part / columnParts, of: rowParts, rows, unit: rowUnit),
        Compute.part(part % columnParts, of: columnParts, columns, unit: columnUnit))
    }
  }
}
