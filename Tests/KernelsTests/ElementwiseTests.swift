import CDistillKernels
import TestSupport
import Testing

@Suite struct ElementwiseTests {
  let arena = Arena()

  /// 2 ulp are at most 2.4e-7 of the value, and where exp has lost bits, two of the smallest numbers.
  private static let twoUlp = Tolerance(relative: 2.4e-7)
  private static let exp = Tolerance(relative: 2.4e-7, absolute: 0x1p-148)

  private static let unary: [(String, Tolerance, @Sendable (distill_kernels, Pointers, Int) -> Void)] = [
    ("scale", .exact, { $0.scale($1[0], $1[1], -1.75, $2) }),
    ("add_scalar", .exact, { $0.add_scalar($1[0], $1[1], 0.3, $2) }),
    ("fill", .exact, { $0.fill($1[0], 2.5, $2) }),
    ("sqrt", .exact, { $0.sqrt($1[0], $1[1], $2) }),
    ("reciprocal", .exact, { $0.reciprocal($1[0], $1[1], $2) }),
    ("abs", .exact, { $0.abs($1[0], $1[1], $2) }),
    ("sign", .exact, { $0.sign($1[0], $1[1], $2) }),
    ("relu", .exact, { $0.relu($1[0], $1[1], $2) }),
    ("exp", exp, { $0.exp($1[0], $1[1], $2) }),
    ("log", twoUlp, { $0.log($1[0], $1[1], $2) }),
    ("tanh", twoUlp, { $0.tanh($1[0], $1[1], $2) }),
  ]

  private static let binary: [(String, Tolerance, @Sendable (distill_kernels, Pointers, Int) -> Void)] = [
    ("add", .exact, { $0.add($1[0], $1[1], $1[2], $2) }),
    ("sub", .exact, { $0.sub($1[0], $1[1], $1[2], $2) }),
    ("mul", .exact, { $0.mul($1[0], $1[1], $1[2], $2) }),
    ("div", .exact, { $0.div($1[0], $1[1], $1[2], $2) }),
    ("relu_backward", .exact, { $0.relu_backward($1[0], $1[1], $1[2], $2) }),
  ]

  /// A fused product is rounded once, a plain one twice: for terms below 4, half an ulp of 4 apart.
  private static let accumulating: [(String, Tolerance, @Sendable (distill_kernels, Pointers, Int) -> Void)] = [
    ("axpy", Tolerance(absolute: 2.4e-7), { $0.axpy($1[0], 0.7, $1[1], $2) }),
    ("mul_accumulate", Tolerance(absolute: 2.4e-7), { $0.mul_accumulate($1[0], $1[1], $1[2], $2) }),
    ("tanh_backward", Tolerance(absolute: 2.4e-7), { $0.tanh_backward($1[0], $1[1], $1[2], $2) }),
  ]

  @Test(arguments: Variant.vectors) func agreesWithPlain(_ variant: Variant) {
    var random = SplitMix(1)
    for n in lengths {
      let out = random.floats(n)
      for (name, tolerance, call) in Self.unary {
        let a = random.floats(n, in: -6...6)
        arena.compare(variant, name, [out, a], tolerance) { call($0, $1, n) }
        arena.compare(variant, "\(name) in place", [a], tolerance) { call($0, [$1[0], $1[0]], n) }
      }
      for (name, tolerance, call) in Self.binary + Self.accumulating {
        let a = random.floats(n)
        let b = random.floats(n)
        arena.compare(variant, name, [out, a, b], tolerance) { call($0, $1, n) }
        arena.compare(variant, "\(name) in place", [a, b], tolerance) { call($0, [$1[1], $1[0], $1[1]], n) }
      }
    }
  }

  @Test(arguments: Variant.vectors) func specialValues(_ variant: Variant) {
    let n = specials.count
    for (name, tolerance, call) in Self.unary {
      for shift in 0..<n {
        let a = Array(specials[shift...] + specials[..<shift])
        arena.compare(variant, name, [a, a], tolerance) { call($0, $1, n) }
      }
    }
    for (name, tolerance, call) in Self.binary {
      for shift in 0..<n {
        let b = Array(specials[shift...] + specials[..<shift])
        arena.compare(variant, name, [b, specials, b], tolerance) { call($0, $1, n) }
      }
    }
  }

  /// Every 997th float there is, so that no range of exponents or branch of a polynomial goes untested.
  @Test(arguments: Variant.vectors) func allMagnitudes(_ variant: Variant) {
    let chunk = 4000
    for first in stride(from: 0, to: UInt32(0xff80_0000), by: chunk * 997) {
      let a = (0..<UInt32(chunk)).map { Float(bitPattern: first &+ 997 &* $0) }
      // Next to the largest float the result may round to it or to ∞.
      let bounded = a.map { $0 > 88.7228 && $0 < 89 ? 0 : $0 }
      arena.compare(variant, "exp", [a, bounded], Self.exp) { $0.exp($1[0], $1[1], chunk) }
      arena.compare(variant, "log", [a, a], Self.twoUlp) { $0.log($1[0], $1[1], chunk) }
      arena.compare(variant, "tanh", [a, a], Self.twoUlp) { $0.tanh($1[0], $1[1], chunk) }
    }
  }
}
