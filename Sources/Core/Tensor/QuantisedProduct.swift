import CDistillKernels

/// Rows of bytes, which are the left operand of a product: x ≈ minimum + scale · code.
///
/// Each row is quantised when it comes, from its own minimum and maximum.
struct QuantisedRows {
  private let codes: Storage, scales: Storage, minima: Storage
  private let width: Int

  /// - Parameter weight: The other operand, whose factors the columns are multiplied by.
  init(_ x: Operand, rows: Int, depth: Int, for weight: QuantisedWeight) {
    let (kernels, width) = (int8, distill_int8_width(depth))
    let (codes, scales, minima) = (
      Storage(count: rows * width / MemoryLayout<Float>.size), Storage(count: rows), Storage(count: rows)
    )
    (self.codes, self.scales, self.minima, self.width) = (codes, scales, minima, width)
    Compute.parallel(rows, grain: max(1, elementwiseGrain / max(depth, 1))) { range in
      kernels.quantise(
        bytes(codes) + range.lowerBound * width, scales.pointer + range.lowerBound, minima.pointer + range.lowerBound,
        x.row(range.lowerBound).pointer, range.count, depth, x.stride, weight.factors)
    }
  }

  /// Calls `body` with the codes, scales and minima from a row on.
  fileprivate func from(
    _ row: Int, _ body: (UnsafePointer<UInt8>, UnsafePointer<Float>, UnsafePointer<Float>) -> Void
  ) {
    body(bytes(codes) + row * width, scales.pointer + row, minima.pointer + row)
  }
}

/// A weight [rows, depth] in bytes, w ≈ scale · code with a scale for each row, packed in the order in which the kernel reads it. The
/// factors of the columns follow the panels, if there are any.
struct QuantisedWeight {
  let panels: Storage
  /// The factors that the columns of x must be multiplied by, or `nil` for 1.
  let factors: UnsafeMutablePointer<Float>?

  init(panels: Storage, rows: Int, depth: Int, hasFactors: Bool) {
    let panel = Int(DISTILL_INT8_PANEL)
    let size = (rows + panel - 1) / panel * distill_int8_panel_size(depth) / MemoryLayout<Float>.size
    (self.panels, factors) = (panels, hasFactors ? panels.pointer + size : nil)
  }

  /// - Parameter norm: The parameters of the layer norm that the other operand comes from, which have the factors' range.
  init(_ w: Operand, rows: Int, depth: Int, norm: LayerNormParameters?) {
    precondition(depth <= DISTILL_INT8_DEPTH, "int8 adds up to \(DISTILL_INT8_DEPTH) products, not \(depth)")
    let (panel, size) = (Int(DISTILL_INT8_PANEL), distill_int8_panel_size(depth))
    let count = (rows + panel - 1) / panel
    self.init(
      panels: Storage(count: count * size / MemoryLayout<Float>.size + depth), rows: rows, depth: depth,
      hasFactors: norm != nil)
    if let norm, let factors {
      distill_int8_factors(factors, norm.gamma.pointer, norm.beta.pointer, w.pointer, rows, depth, w.stride)
    }
    let (panels, factors) = (panels, factors)
    Compute.parallel(count, grain: max(1, elementwiseGrain / (panel * max(depth, 1)))) { range in
      for index in range {
        let first = index * panel
        distill_int8_pack(
          bytes(panels) + index * size, w.row(first).pointer, min(panel, rows - first), depth, w.stride,
          factors)
      }
    }
  }
}

/// Calculates C[m × n] = X[m × k] · W[n × k]ᵀ in parallel.
///
/// The sums are of integers, so that a row of C depends on no other row of X, however C is divided.
func multiply(
  _ m: Int, _ n: Int, _ k: Int, _ x: QuantisedRows, _ w: QuantisedWeight, into c: UnsafeMutablePointer<Float>,
  stride: Int
) {
  let (kernels, panel, size) = (int8, Int(DISTILL_INT8_PANEL), distill_int8_panel_size(k))
  // These arguments may be the only references to the operands, whose memory must not be reused before the product is done.
  defer { withExtendedLifetime((x, w)) {} }
  ProductParts(rows: m, unit: kernels.tile, columns: n, unit: panel, depth: k).forEach { rows, columns in
    x.from(rows.lowerBound) { codes, scales, minima in
      kernels.product(
        c + rows.lowerBound * stride + columns.lowerBound, codes, scales, minima,
        bytes(w.panels) + columns.lowerBound / panel * size, rows.count, columns.count, k, stride)
    }
  }
}

private func bytes(_ storage: Storage) -> UnsafeMutablePointer<UInt8> {
  UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: UInt8.self)
}

private var int8: distill_int8_kernels {
  guard let kernels = Compute.engine.int8 else {
    preconditionFailure("this processor has no products of bytes: ask Precision.check() before int8 is chosen")
  }
  return kernels.pointee
}
