import CDistillKernels
import TestSupport
import Testing

@Suite struct ReductionTests {
  let arena = Arena()

  /// Sums of n ≤ 130 terms of at most 1 in at least four lanes: 130/4 additions, each half an ulp of at most 32, would be
  /// 6e-5 if all conspired; rounding errors add up like a random walk, a tenth of it.
  private let sum = Tolerance(relative: 1e-6, absolute: 6e-6)

  @Test(arguments: Variant.vectors) func agreesWithPlain(_ variant: Variant) {
    var random = SplitMix(3)
    for n in lengths {
      let a = random.floats(n)
      let b = random.floats(n)
      arena.compare(variant, "dot", [[0], a, b], sum) { $1[0][0] = $0.dot($1[1], $1[2], n) }
      arena.compare(variant, "squared_l2", [[0], a, b], sum) { $1[0][0] = $0.squared_l2($1[1], $1[2], n) }
      arena.compare(variant, "max", [[0], a], .exact) { $1[0][0] = $0.max($1[1], n) }
      // Sums in double agree to the last bit of a float, but for ties.
      let double = Tolerance(relative: 1.2e-7)
      arena.compare(variant, "sum", [[0], a], double) { $1[0][0] = Float($0.sum($1[1], n)) }
      arena.compare(variant, "sum_of_squares", [[0], a], double) { $1[0][0] = Float($0.sum_of_squares($1[1], n)) }
      for (rows, others, gap) in [(0, 3, 0), (1, 5, 2), (7, 9, 0), (13, 4, 1)] {
        let (x, y) = (random.floats(rows * (n + gap)), random.floats(others * (n + gap)))
        arena.compare(variant, "row_products", [random.floats(rows * (others + gap)), x, y], sum) {
          $0.row_products($1[0], $1[1], $1[2], rows, others, n, others + gap, n + gap, n + gap)
        }
      }
      for (rows, gap) in [(0, 0), (1, 0), (5, 0), (7, 3)] {
        let stride = n + gap
        let x = random.floats(rows * stride)
        arena.compare(variant, "column_sum_accumulate", [a, x], Tolerance(absolute: 1e-6)) {
          $0.column_sum_accumulate($1[0], $1[1], rows, n, stride)
        }
        arena.compare(variant, "row_sum", [random.floats(rows), x], sum) {
          $0.row_sum($1[0], $1[1], rows, n, stride)
        }
      }
    }
  }

  @Test(arguments: Variant.all) func findsWhatIsNotFinite(_ variant: Variant) {
    let k = variant.kernels
    for n in 1...70 {
      for place in 0..<n {
        var x = [Float](repeating: -3e38, count: n)
        #expect(k.all_finite(x, n) == 1)
        x[place] = [.nan, .infinity, -.infinity][place % 3]
        #expect(k.all_finite(x, n) == 0)
        x[place] = .nan
        #expect(k.max(x, n) == (n == 1 ? -.infinity : -3e38), "passes NaN over")
      }
    }
    #expect(k.all_finite([0], 0) == 1)
    #expect(k.max([0], 0) == -.infinity)
    #expect(k.sum([0], 0) == 0)
  }

  /// In float32 the squares would overflow, and the small terms would vanish beside the large one.
  @Test(arguments: Variant.all) func sumsAreDouble(_ variant: Variant) {
    let x = [Float](repeating: 1e30, count: 100)
    #expect(abs(variant.kernels.sum_of_squares(x, 100) / 1e62 - 1) < 1e-6)
    let mixed = [Float](repeating: 1, count: 1000) + [1e9]
    #expect(variant.kernels.sum(mixed, 1001) == 1_000_001_000)
  }
}
