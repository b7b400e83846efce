import CDistillKernels
import TestSupport
import Testing

@Suite struct ProductTests {
  let arena = Arena(slots: 5, floats: 100_000)

  /// C = op(A)·op(B) + beta·C, as one would write it down, in double precision.
  private func expected(
    _ c: [Float], _ a: [Float], _ b: [Float], _ m: Int, _ n: Int, _ k: Int, _ left: Bool, _ right: Bool, _ beta: Float
  ) -> [Float] {
    (0..<m * n).map { place in
      let (i, j) = (place / n, place % n)
      let sum = (0..<k).reduce(0.0) {
        $0 + Double(left ? a[$1 * m + i] : a[i * k + $1]) * Double(right ? b[j * k + $1] : b[$1 * n + j])
      }
      return Float(sum + (beta == 0 ? 0 : Double(beta) * Double(c[place])))
    }
  }

  /// Whole tiles and panels, less than one and a few more; odd depths; C is not read where beta is 0.
  @Test(arguments: Variant.all) func isTheProduct(_ variant: Variant) {
    let k = variant.kernels
    var random = SplitMix(12)
    for (m, n, depth) in [(1, 1, 1), (14, 32, 16), (13, 31, 15), (47, 70, 33), (5, 97, 130), (250, 5, 20), (29, 64, 0)]
    {
      let (a, b) = (random.floats(m * depth), random.floats(depth * n))
      for (left, right, beta) in [(false, true, 0), (false, false, 1), (true, false, -0.5), (true, true, 0)]
        as [(Bool, Bool, Float)]
      {
        let c = beta == 0 ? [Float](repeating: .nan, count: m * n) : random.floats(m * n)
        let panels = [Float](repeating: 0, count: (n + k.panel - 1) / k.panel * k.panel * depth)
        let found = arena.run([c, a, b, panels, [Float](repeating: 0, count: k.scratch)], gap: n % 4) {
          k.pack_panels($0[3], $0[2], n, depth, right ? depth : n, right ? 1 : 0)
          k.panel_product($0[0], $0[1], $0[3], $0[4], m, n, depth, n, left ? m : depth, left ? 1 : 0, beta)
        }
        let exact = expected(c, a, b, m, n, depth, left, right, beta)
        // 130 terms below 1, each rounded in a sum that stays below 16.
        let isClose = zip(found[0], exact).allSatisfy { abs($0 - $1) < 1e-5 }
        #expect(isClose, "\(m) × \(n) × \(depth), \(left), \(right), beta \(beta)")
      }
    }
  }

  /// Whoever calculates a part of C calculates it as the whole would have come out.
  @Test(arguments: Variant.all) func partsAreThoseOfTheWhole(_ variant: Variant) {
    let (k, m, n, depth) = (variant.kernels, 61, 150, 40)
    var random = SplitMix(13)
    let (a, b) = (random.floats(m * depth), random.floats(depth * n))
    var scratch = [Float](repeating: 0, count: k.scratch)
    var panels = [Float](repeating: 0, count: (n + k.panel - 1) / k.panel * k.panel * depth)
    k.pack_panels(&panels, b, n, depth, n, 0)
    var (whole, parts) = ([Float](repeating: 0, count: m * n), [Float](repeating: 0, count: m * n))
    k.panel_product(&whole, a, panels, &scratch, m, n, depth, n, depth, 0, 0)
    for row in stride(from: 0, to: m, by: k.tile) {
      for column in stride(from: 0, to: n, by: k.panel) {
        parts.withUnsafeMutableBufferPointer { parts in
          a.withUnsafeBufferPointer { a in
            panels.withUnsafeBufferPointer { panels in
              guard let c = parts.baseAddress, let a = a.baseAddress, let b = panels.baseAddress else { return }
              k.panel_product(
                c + row * n + column, a + row * depth, b + column * depth, &scratch, min(k.tile, m - row),
                min(k.panel, n - column), depth, n, depth, 0, 0)
            }
          }
        }
      }
    }
    #expect(parts == whole)
  }
}
