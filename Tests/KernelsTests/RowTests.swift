import CDistillKernels
import TestSupport
import Testing

@Suite struct RowTests {
  let arena = Arena()

  /// exp is good to 2 ulp, its argument to an ulp of |scale · x| ≤ 16: 1e-6. The sums are better than that.
  private let softmax = Tolerance(relative: 2e-6, absolute: 1e-9)
  /// Differences of numbers up to 32, whose ulp is 2e-6.
  private let logSoftmax = Tolerance(absolute: 4e-6)

  @Test(arguments: Variant.vectors) func softmaxAgreesWithPlain(_ variant: Variant) {
    var random = SplitMix(4)
    for columns in lengths {
      for (rows, gap) in [(0, 0), (1, 0), (3, 0), (3, 5)] {
        let stride = columns + gap
        let n = rows * stride
        let x = random.floats(n, in: -4...4)
        let dy = random.floats(n)
        let out = random.floats(n)
        for scale: Float in [1, 4, -0.125] {
          arena.compare(variant, "softmax", [out, x], softmax) {
            $0.softmax_rows($1[0], $1[1], scale, rows, columns, stride)
          }
          arena.compare(variant, "log_softmax in place", [x], logSoftmax) {
            $0.log_softmax_rows($1[0], $1[0], scale, rows, columns, stride)
          }
        }
        let y = x.map { abs($0) / 4 }
        // scale · y · (dy − Σ dy·y), the sum having at most 130 terms.
        arena.compare(variant, "softmax_backward", [out, y, dy], Tolerance(relative: 1e-6, absolute: 2e-5)) {
          $0.softmax_backward_rows($1[0], $1[1], $1[2], 0.5, rows, columns, stride)
        }
        let logs = x.map { -abs($0) }
        arena.compare(variant, "log_softmax_backward in place", [logs, dy], Tolerance(relative: 1e-6, absolute: 6e-6)) {
          $0.log_softmax_backward_rows($1[1], $1[0], $1[1], 0.5, rows, columns, stride)
        }
      }
    }
  }

  @Test(arguments: Variant.all) func softmaxOfUnusualRows(_ variant: Variant) {
    let k = variant.kernels
    let infinity = Float.infinity
    var out = [Float](repeating: 0, count: 4)
    k.softmax_rows(&out, [-infinity, 3, 3, -infinity], 1, 1, 4, 4)
    #expect(out == [0, 0.5, 0.5, 0], "−∞ masks")
    k.softmax_rows(&out, [3e38, -3e38, 3e38, 0], 0.5, 1, 4, 4)
    #expect(out == [0.5, 0, 0.5, 0], "no overflow")
    k.log_softmax_rows(&out, [-infinity, 1000, 1000, -infinity], 1, 1, 4, 4)
    #expect(out[0] == -infinity && abs(out[1] + 0.6931472) < 1e-6)
    for row in [[1, .nan, 2, 3], [infinity, 0, 0, 0], [-infinity, -infinity, -infinity, -infinity]] as [[Float]] {
      k.softmax_rows(&out, row, 1, 1, 4, 4)
      #expect(out.allSatisfy { $0.isNaN }, "\(row)")
    }
  }

  @Test(arguments: Variant.vectors) func divergenceAgreesWithPlain(_ variant: Variant) {
    var random = SplitMix(5)
    for columns in lengths {
      for rows in [0, 1, 3] {
        var p = random.floats(rows * columns, in: 0...1)
        var q = random.floats(rows * columns, in: -8...0)
        for i in p.indices where i % 5 == 0 {
          p[i] = 0
          q[i] = -.infinity
        }
        // Up to 130 terms below 8.4: their sum stays below 512, whose ulp is 3e-5.
        arena.compare(variant, "kl", [random.floats(rows), p, q], Tolerance(relative: 1e-6, absolute: 3e-6)) {
          $0.kl_rows($1[0], $1[1], $1[2], rows, columns)
        }
      }
    }
  }
}
