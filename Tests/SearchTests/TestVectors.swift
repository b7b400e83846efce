import DistillCore

/// Unit vectors with the same bits here and in Scripts/fixtures/search_recall.py.
enum TestVectors {
  /// The sum of the four 16-bit quarters of SplitMix64, about normal: mean −2, deviation 37837.
  private static func noise(_ seed: UInt64, _ row: Int, _ column: Int, _ width: Int) -> Int {
    var x = (UInt64(row * width + column) &+ (seed << 40) &+ 1) &* 0x9E37_79B9_7F4A_7C15
    x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
    x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
    x ^= x >> 31
    return (0..<4).reduce(-131_072) { $0 + Int(x >> ($1 * 16) & 0xFFFF) }
  }

  /// Rows of a set without end; with clusters, row i is 2·centre[i mod clusters] + noise, a cosine of 0.8 within a cluster.
  static func matrix(_ rows: Range<Int>, width: Int, clusters: Int? = nil) -> Matrix {
    var values: [Float] = []
    for row in rows {
      let numbers = (0..<width).map { column in
        noise(1, row, column, width) + (clusters.map { 2 * noise(2, row % $0, column, width) } ?? 0)
      }
      let length = Double(numbers.reduce(0) { $0 + $1 * $1 }).squareRoot()
      values += numbers.map { Float(Double($0) / length) }
    }
    return Matrix(rows: rows.count, columns: width, values: values)
  }
}
