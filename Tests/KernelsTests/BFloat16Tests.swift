import CDistillKernels
import TestSupport
import Testing

/// To nearest, ties to even, as IEEE 754 rounds.
private func rounded(_ x: Float) -> Double {
  let bits = x.bitPattern
  return Double(Float(bitPattern: (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000))
}

private let here: [String] = ["amx", "avx512"].filter { distill_bfloat16_named($0) != nil }

@Suite(.enabled(if: !here.isEmpty, "this processor has no AVX512_BF16"))
struct BFloat16Tests {
  struct Size: Sendable { let rows, columns, depth: Int }

  /// Rows below, at and above one, two and a block of tiles, columns around a panel, odd depths, and more pairs than are added
  /// at once.
  static let sizes =
    ((1...18) + [28, 29, 31, 32, 33, 48, 49, 64, 65]).map { Size(rows: $0, columns: 32, depth: 8) }
    + [1, 15, 16, 17, 31, 33, 47, 64, 65].map { Size(rows: 14, columns: $0, depth: 8) }
    + [0, 1, 2, 3, 31, 32, 33, 63, 65].map { Size(rows: 15, columns: 33, depth: $0) }
    + [(240, 40, 70), (29, 70, 1537), (3, 5, 3100), (0, 3, 2), (3, 0, 2)].map {
      Size(rows: $0.0, columns: $0.1, depth: $0.2)
    }

  /// Operands are packed in two pieces where there are two, and everything ends at memory that may not be touched.
  @Test(
    arguments: sizes.flatMap { size in here.map { (size, $0) } },
    [(false, false), (false, true), (true, false), (true, true)])
  func products(_ of: (size: Size, name: String), _ transposed: (a: Bool, b: Bool)) throws {
    let kernels = try #require(distill_bfloat16_named(of.name)).pointee, size = of.size
    let (m, n, k, gap) = (size.rows, size.columns, size.depth, 3)
    var random = SplitMix(UInt64(m * 10_000 + n * 100 + k))
    let aWidth = (transposed.a ? m : k) + gap, bWidth = (transposed.b ? k : n) + gap, cWidth = n + gap
    let a = random.floats(max(0, (transposed.a ? k : m) * aWidth - gap))
    let b = random.floats(max(0, (transposed.b ? n : k) * bWidth - gap))
    let before = random.floats(max(0, m * cWidth - gap))
    let pairs = ((k + 1) / 2 + kernels.group - 1) / kernels.group * kernels.group
    func room(_ count: Int, _ unit: Int) -> [Float] {
      [Float](repeating: .nan, count: (count + unit - 1) / unit * unit * pairs)
    }
    let arena = Arena(floats: 1 << 18)
    for beta in [0, 1, -0.5] as [Float] {
      // What was in C does not matter where beta is 0.
      let start = beta == 0 ? before.map { _ in .nan } : before
      let c = arena.run([a, b, room(m, kernels.tile), room(n, kernels.panel), start], gap: k % 4) { p in
        for first in stride(from: 0, to: m, by: 2 * kernels.tile) {
          kernels.pack_left(
            p[2] + first * pairs, p[0] + first * (transposed.a ? 1 : aWidth), min(2 * kernels.tile, m - first), k,
            aWidth, transposed.a ? 1 : 0)
        }
        for first in stride(from: 0, to: n, by: kernels.panel) {
          kernels.pack_right(
            p[3] + first * pairs, p[1] + first * (transposed.b ? bWidth : 1), min(kernels.panel, n - first), k,
            bWidth, transposed.b ? 1 : 0)
        }
        kernels.product(p[4], p[2], p[3], m, n, k, cWidth, transposed.a ? 1 : 0, beta)
      }[4]
      for i in c.indices {
        let (row, column) = (i / cWidth, i % cWidth)
        guard column < n else {
          #expect(c[i].bitPattern == start[i].bitPattern, "wrote behind row \(row)")
          continue
        }
        var (expected, size) = (beta == 0 ? 0 : Double(beta * start[i]), Double(0))
        for d in 0..<k {
          let term =
            rounded(transposed.a ? a[d * aWidth + row] : a[row * aWidth + d])
            * rounded(transposed.b ? b[column * bWidth + d] : b[d * bWidth + column])
          expected += term
          size += abs(term)
        }
        #expect(abs(Double(c[i]) - expected) <= 2e-6 * size + 1e-7, "[\(row), \(column)], beta \(beta)")
      }
    }
  }

  @Test(arguments: here) func rounding(_ name: String) throws {
    let kernels = try #require(distill_bfloat16_named(name)).pointee
    let step: Float = 0x1p-7
    let cases: [(Float, Float)] = [
      (1 + step / 2, 1), (1 + 3 * step / 2, 1 + 2 * step), (1 + step * 0.501, 1 + step), (-1 - step / 2, -1),
      (.infinity, .infinity), (3.4e38, .infinity), (.nan, .nan), (0, 0),
    ]
    for (x, expected) in cases {
      var (left, right) = ([Float](repeating: 0, count: 16 * 16), [Float](repeating: 0, count: 32 * 16)), c = [Float(0)]
      kernels.pack_left(&left, [x], 1, 1, 1, 0)
      kernels.pack_right(&right, [1], 1, 1, 1, 0)
      kernels.product(&c, left, right, 1, 1, 1, 1, 0, 0)
      #expect(Tolerance.exact.accepts(c[0], expected), "\(x) became \(c[0])")
    }
  }
}
