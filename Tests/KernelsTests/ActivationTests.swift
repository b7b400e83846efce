import CDistillKernels
import TestSupport
import Testing

@Suite struct ActivationTests {
  let arena = Arena()

  /// The exact GELU is promised to 2e-7 · max(1, |x|).
  private let gelu = Tolerance(relative: 2e-7, absolute: 2e-7)
  /// The slope is a sum of terms below 1.2, times |dy| ≤ 1.
  private let slope = Tolerance(relative: 4e-7, absolute: 4e-7)

  @Test(arguments: Variant.vectors) func agreesWithPlain(_ variant: Variant) {
    var random = SplitMix(2)
    for columns in lengths {
      for rows in [0, 1, 3] {
        let n = rows * columns
        let out = random.floats(n)
        let x = random.floats(n, in: -7...7)
        let bias = random.floats(columns)
        arena.compare(variant, "bias_gelu", [out, out, x, bias], gelu) {
          $0.bias_gelu($1[0], $1[1], $1[2], $1[3], rows, columns)
        }
        arena.compare(variant, "bias_gelu_tanh", [out, out, x, bias], gelu) {
          $0.bias_gelu_tanh($1[0], $1[1], $1[2], $1[3], rows, columns)
        }
        arena.compare(variant, "gelu in place", [x], gelu) { $0.bias_gelu($1[0], nil, $1[0], nil, rows, columns) }
        arena.compare(variant, "bias_tanh", [out, x, bias], Tolerance(relative: 2.4e-7)) {
          $0.bias_tanh($1[0], $1[1], $1[2], rows, columns)
        }
        arena.compare(variant, "bias_add", [x, bias], .exact) { $0.bias_add($1[0], $1[1], rows, columns) }
        arena.compare(variant, "gelu_backward", [out, x, out], slope) { $0.gelu_backward($1[0], $1[1], $1[2], n) }
        arena.compare(variant, "gelu_backward in place", [x, out], slope) {
          $0.gelu_backward($1[1], $1[0], $1[1], n)
        }
        arena.compare(variant, "gelu_tanh_backward", [out, x, out], slope) {
          $0.gelu_tanh_backward($1[0], $1[1], $1[2], n)
        }
      }
    }
  }

  @Test(arguments: Variant.vectors) func specialValues(_ variant: Variant) {
    let n = specials.count
    arena.compare(variant, "bias_gelu", [specials, specials], gelu) { $0.bias_gelu($1[0], nil, $1[1], nil, 1, n) }
    arena.compare(variant, "bias_gelu_tanh", [specials, specials], gelu) {
      $0.bias_gelu_tanh($1[0], nil, $1[1], nil, 1, n)
    }
    let ones = [Float](repeating: 1, count: n)
    arena.compare(variant, "gelu_backward", [ones, specials, ones], slope) {
      $0.gelu_backward($1[0], $1[1], $1[2], n)
    }
  }

  /// The far tail keeps its digits, which x · ½(1 + erf) would lose: up to the rounding of x²/2, 12² · 2⁻²⁵ relative.
  @Test(arguments: Variant.vectors) func tailIsRelativelyAccurate(_ variant: Variant) {
    let x = (0..<2000).map { -12 * Float($0) / 2000 }
    arena.compare(variant, "gelu", [x, x], Tolerance(relative: 6e-6)) {
      $0.bias_gelu($1[0], nil, $1[1], nil, 1, x.count)
    }
  }
}
