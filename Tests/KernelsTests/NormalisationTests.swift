import CDistillKernels
import TestSupport
import Testing

@Suite struct NormalisationTests {
  let arena = Arena()

  /// Normalised values are below √columns < 12. Where a row's variance is small, the rounding of its mean counts more.
  private let normal = Tolerance(relative: 2e-6, absolute: 4e-6)

  @Test(arguments: Variant.vectors) func layerNormAgreesWithPlain(_ variant: Variant) {
    var random = SplitMix(6)
    for columns in lengths {
      for rows in [0, 1, 3] {
        let n = rows * columns
        // A single column has no variance: the output is beta, whatever the rounding of the mean.
        let x = random.floats(n, in: 2...6)
        let residual = random.floats(n, in: -1...3)
        let bias = random.floats(columns)
        let gamma = random.floats(columns)
        let beta = random.floats(columns)
        arena.compare(
          variant, "residual_layer_norm", [x, x, random.floats(2 * rows), residual, bias, gamma, beta], normal
        ) {
          $0.residual_layer_norm($1[0], $1[1], $1[2], $1[0], $1[3], $1[4], $1[5], $1[6], 1e-5, rows, columns)
        }
        arena.compare(variant, "layer_norm alone", [residual, x, gamma, beta], normal) {
          $0.residual_layer_norm($1[0], nil, nil, $1[1], nil, nil, $1[2], $1[3], 1e-12, rows, columns)
        }
        let statistics = random.floats(2 * rows, in: 0.5...2)
        let sums = random.floats(columns)
        arena.compare(variant, "layer_norm_backward", [bias, sums, residual, statistics, gamma, x], normal) {
          $0.layer_norm_backward($1[5], $1[0], $1[1], $1[2], $1[3], $1[4], $1[5], rows, columns)
        }
        arena.compare(variant, "layer_norm_backward, frozen", [x, residual, statistics, gamma, x], normal) {
          $0.layer_norm_backward($1[0], nil, nil, $1[1], $1[2], $1[3], $1[4], rows, columns)
        }
      }
    }
  }

  /// A one-pass variance would lose all digits of a row whose mean is 10⁴ times its deviation.
  @Test(arguments: Variant.all) func varianceIsAccurateFarFromZero(_ variant: Variant) {
    let columns = 384
    let x = (0..<columns).map { Float(10_000 + $0 % 2 * 2) }  // mean 10001, deviation 1
    var out = x
    var statistics: [Float] = [0, 0]
    let ones = [Float](repeating: 1, count: columns)
    let zeroes = [Float](repeating: 0, count: columns)
    variant.kernels.residual_layer_norm(&out, nil, &statistics, x, nil, nil, ones, zeroes, 0, 1, columns)
    #expect(statistics == [10_001, 1])
    #expect(out == x.map { $0 - 10_001 })
  }

  @Test(arguments: Variant.vectors) func l2AgreesWithPlain(_ variant: Variant) {
    var random = SplitMix(7)
    for columns in lengths {
      for rows in [0, 1, 3] {
        var x = random.floats(rows * columns)
        if rows == 3 { x.replaceSubrange(columns..<(2 * columns), with: repeatElement(0, count: columns)) }
        let dy = random.floats(rows * columns)
        let norms = random.floats(rows, in: 0.5...2)
        arena.compare(variant, "l2_normalise", [dy, norms, x], Tolerance(relative: 4e-7)) {
          $0.l2_normalise_rows($1[0], $1[1], $1[2], 1e-6, rows, columns)
        }
        arena.compare(variant, "l2_normalise in place", [x], Tolerance(relative: 4e-7)) {
          $0.l2_normalise_rows($1[0], nil, $1[0], 1e-6, rows, columns)
        }
        // An inner product of up to 130 terms, divided by a norm of at least ½.
        arena.compare(variant, "l2_normalise_backward", [dy, x, norms, dy], Tolerance(relative: 1e-6, absolute: 1e-5)) {
          $0.l2_normalise_backward_rows($1[0], $1[1], $1[2], $1[3], 0.75, rows, columns)
        }
      }
    }
  }
}
