import CDistillKernels
import TestSupport
import Testing

@Suite struct OptimiserAndTableTests {
  let arena = Arena()

  @Test(arguments: Variant.vectors) func adamwAgreesWithPlain(_ variant: Variant) {
    var random = SplitMix(8)
    for n in lengths {
      let parameters = random.floats(n)
      let gradients = random.floats(n)
      let m = random.floats(n, in: -0.1...0.1)
      let v = random.floats(n, in: 0...0.01)
      // A few roundings of numbers below 1; the quotient, some of which are large, is multiplied by the rate.
      arena.compare(variant, "adamw", [parameters, gradients, m, v], Tolerance(relative: 4e-7, absolute: 1.2e-7)) {
        $0.adamw($1[0], $1[1], $1[2], $1[3], n, 1e-3, 0.9, 0.999, 1e-8, 0.99999, 0.271, 0.002997, 0.5)
      }
    }
  }

  @Test(arguments: Variant.all) func adamwAtRest(_ variant: Variant) {
    var parameters: [Float] = [1, -2, 0]
    var m: [Float] = [0, 0, 0]
    var v: [Float] = [0, 0, 0]
    variant.kernels.adamw(&parameters, [0, 0, 0], &m, &v, 3, 0.5, 0.9, 0.999, 1e-8, 0.75, 0.1, 0.001, 1)
    #expect(parameters == [0.75, -1.5, 0], "without a gradient only the decay acts")
    #expect(m == [0, 0, 0] && v == [0, 0, 0])
  }

  @Test(arguments: Variant.vectors) func tablesAgreeWithPlain(_ variant: Variant) {
    var random = SplitMix(9)
    let indices: [Int32] = [4, 0, 4, 2, 1]
    let positions: [Int32] = [0, 1, 2, 3, 4]
    let types: [Int32] = [0, 1, 1, 0, 1]
    for columns in lengths {
      let table = random.floats(5 * columns)
      let x = random.floats(5 * columns)
      let two = random.floats(2 * columns)
      for rows in [0, 1, 5] {
        let out = random.floats(rows * columns)
        arena.compare(variant, "gather", [out, table], .exact) {
          $0.gather_rows($1[0], $1[1], indices, rows, columns)
        }
        arena.compare(variant, "scatter_add", [table, x], .exact) {
          $0.scatter_add_rows($1[0], $1[1], indices, rows, columns)
        }
        arena.compare(variant, "embedding_sum", [out, table, x, two], .exact) {
          $0.embedding_sum($1[0], $1[1], $1[2], $1[3], indices, positions, types, rows, columns)
        }
      }
    }
  }
}
