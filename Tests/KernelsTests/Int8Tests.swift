import CDistillKernels
import TestSupport
import Testing

private let here: [String] = ["avx512", "plain"].filter { distill_int8_named($0) != nil }

/// Products of bytes beside their formula in double precision, and the variants beside each other.
@Suite struct Int8Tests {
  struct Size: Sendable { let rows, columns, depth: Int }

  /// Rows around one and two tiles and a block of them, columns around a panel, depths around a register and a width.
  static let sizes =
    ((1...16) + [28, 29, 224, 225]).map { Size(rows: $0, columns: 32, depth: 64) }
    + [1, 15, 16, 17, 31, 33, 47, 48, 64, 65].map { Size(rows: 15, columns: $0, depth: 20) }
    + [1, 2, 3, 4, 15, 16, 17, 63, 64, 65, 1537].map { Size(rows: 3, columns: 33, depth: $0) }

  private struct Quantised {
    var codes: [UInt8], scales: [Float], minima: [Float]
    var panels: [UInt8]
    var product: [Float]
  }

  /// Multiplies x [rows, depth] by w [columns, depth], both with a gap behind each row. The columns have factors, if these are given.
  private func multiply(
    _ name: String, _ x: [Float], _ w: [Float], _ size: Size, gap: Int = 3, factors: [Float]? = nil
  ) throws -> Quantised {
    let kernels = try #require(distill_int8_named(name)).pointee
    let (width, panelSize) = (distill_int8_width(size.depth), distill_int8_panel_size(size.depth))
    let (panel, stride) = (Int(DISTILL_INT8_PANEL), size.depth + gap)
    let panels = (size.columns + panel - 1) / panel
    var out = Quantised(
      codes: Array(repeating: 9, count: size.rows * width), scales: Array(repeating: .nan, count: size.rows),
      minima: Array(repeating: .nan, count: size.rows), panels: Array(repeating: 9, count: panels * panelSize),
      product: Array(repeating: -7, count: size.rows * (size.columns + gap)))
    for index in 0..<panels {
      out.panels.withUnsafeMutableBytes { bytes in
        w.withUnsafeBufferPointer {
          distill_int8_pack(
            bytes.baseAddress! + index * panelSize, $0.baseAddress! + index * panel * stride,
            min(panel, size.columns - index * panel), size.depth, stride,
            factors)
        }
      }
    }
    kernels.quantise(&out.codes, &out.scales, &out.minima, x, size.rows, size.depth, stride, factors)
    kernels.product(
      &out.product, out.codes, out.scales, out.minima, out.panels, size.rows, size.columns, size.depth,
      size.columns + gap)
    return out
  }

  @Test(arguments: sizes, here) func products(_ size: Size, _ name: String) throws {
    var random = SplitMix(UInt64(size.rows * 10_000 + size.columns * 100 + size.depth))
    let stride = size.depth + 3
    let x = random.floats(size.rows * stride), w = random.floats(size.columns * stride)
    let result = try multiply(name, x, w, size)
    for row in 0..<size.rows {
      let inputs = x[row * stride..<row * stride + size.depth].map(Double.init)
      let low = inputs.min() ?? 0, step = ((inputs.max() ?? 0) - low) / 255
      for column in 0..<size.columns + 3 {
        let actual = result.product[row * (size.columns + 3) + column]
        guard column < size.columns else {
          #expect(actual == -7, "wrote behind row \(row)")
          continue
        }
        let weights = w[column * stride..<column * stride + size.depth].map(Double.init)
        let scale = (weights.map(abs).max() ?? 0) / 127
        var (exact, quantised, bound) = (0.0, 0.0, 0.0)
        for (x, w) in zip(inputs, weights) {
          let code = step > 0 ? ((x - low) / step).rounded(.toNearestOrEven) : 0
          exact += x * w
          quantised += (low + step * code) * scale * (w / scale).rounded(.toNearestOrEven)
          bound += abs(x) * scale / 2 + (abs(w) + scale / 2) * step / 2
        }
        #expect(abs(Double(actual) - exact) <= bound * 1.001 + 1e-6, "[\(row), \(column)]")
        // A code may be rounded the other way in single precision; more than a few would be a mistake.
        #expect(abs(Double(actual) - quantised) <= 0.02 * bound + 1e-5, "[\(row), \(column)]")
      }
    }
  }

  @Test(.enabled(if: here.count > 1, "this processor has no AVX512_VNNI"), arguments: sizes)
  func variantsAgreeToTheBit(_ size: Size) throws {
    var random = SplitMix(UInt64(size.rows + size.columns + size.depth))
    let x = random.floats(size.rows * (size.depth + 3)), w = random.floats(size.columns * (size.depth + 3))
    let factors = random.floats(size.depth).map { abs($0) + 0.1 }
    for factors in [nil, factors] {
      let results = try here.map { try multiply($0, x, w, size, factors: factors) }
      #expect(results[0].codes == results[1].codes)
      #expect(results[0].scales == results[1].scales)
      #expect(results[0].minima == results[1].minima)
      #expect(results[0].product.map(\.bitPattern) == results[1].product.map(\.bitPattern))
    }
  }

  /// A few columns that are a hundred times as large as the others: factors keep the steps of the others.
  @Test(arguments: here) func factorsForColumns(_ name: String) throws {
    let size = Size(rows: 20, columns: 33, depth: 100)
    var random = SplitMix(5)
    func normal() -> Float { random.floats(12).reduce(0, +) / 2 }
    let gamma = (0..<size.depth).map { $0 % 25 == 3 ? Float(100) : 1 }, beta = random.floats(size.depth)
    let x = (0..<size.rows).flatMap { _ in zip(gamma, beta).map { $0 * normal() + $1 } }
    let w = random.floats(size.columns * size.depth)
    var factors = [Float](repeating: .nan, count: size.depth)
    distill_int8_factors(&factors, gamma, beta, w, size.columns, size.depth, size.depth)
    for (column, factor) in factors.enumerated() {
      let largest = (0..<size.columns).map { abs(w[$0 * size.depth + column]) }.max() ?? 0
      let expected = (largest / (abs(beta[column]) + 3 * gamma[column])).squareRoot()
      #expect(abs(factor - expected) <= 1e-6 * expected)
    }
    func error(_ factors: [Float]?) throws -> Double {
      let product = try multiply(name, x, w, size, gap: 0, factors: factors).product
      var sum = 0.0
      for row in 0..<size.rows {
        for column in 0..<size.columns {
          let exact = (0..<size.depth).reduce(0.0) {
            $0 + Double(x[row * size.depth + $1]) * Double(w[column * size.depth + $1])
          }
          sum +=
            (Double(product[row * size.columns + column]) - exact)
            * (Double(product[row * size.columns + column]) - exact)
        }
      }
      return sum
    }
    #expect(try error(factors) < error(nil) / 4)
  }

  /// A column of zeros, and one without a range, have the factor 1.
  @Test func factorsWithoutARange() {
    var factors: [Float] = [7, 7, 7]
    distill_int8_factors(&factors, [0, 1, .nan], [0, 1, 1], [1, 0, 1, -2, 0, 1], 2, 3, 3)
    #expect(factors == [1, 1, 1])
  }

  /// Rows that are constant, tiny, huge, or not finite, and weights of zeros.
  @Test(arguments: here) func unusualRows(_ name: String) throws {
    let size = Size(rows: 6, columns: 2, depth: 5)
    let rows: [[Float]] = [
      [2, 2, 2, 2, 2], [0, 0, 0, 0, 0], [.leastNonzeroMagnitude, 0, 0, 0, 0], [3e38, -3e38, 0, 0, 0],
      [1, .nan, 0, 0, 0], [1, .infinity, 0, 0, 0],
    ]
    let weights: [[Float]] = [[1, 1, 1, 1, 1], [0, 0, 0, 0, 0]]
    let product = try multiply(name, rows.flatMap { $0 }, weights.flatMap { $0 }, size, gap: 0).product
    #expect(abs(product[0] - 10) < 1e-5 && product[1] == 0)
    #expect(product[2] == 0 && product[3] == 0)
    #expect(abs(product[4]) < .leastNormalMagnitude)
    // The row spans more than a float can say, which is told and not hidden.
    #expect(!product[6].isFinite)
    #expect(product[8].isNaN && product[9].isNaN && product[10].isNaN && product[11].isNaN)
  }
}
