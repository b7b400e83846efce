import DistillCore

/// The mean of paired differences, and whether it is more than chance.
package struct MeanDifference: Sendable, Equatable, Codable {
  package let mean: Double
  /// The 95 % interval, by the percentile bootstrap over the pairs (Efron 1979).
  package let interval: ConfidenceInterval
  /// The two-sided p-value of the sign-flip test: the share of 10,000 draws of a random sign for each difference whose sum is at least as
  /// far from 0 as the sum itself. The differences themselves count as one of the draws, so it is never 0.
  package let p: Double

  /// - `differences`: At least one.
  /// - `key`: The key of the random numbers.
  package init(_ differences: [Double], key: RandomKey, draws: Int = 10_000) {
    let total = differences.reduce(0, +)
    // Sums in another order may differ in their last digits.
    let reach = abs(total) - 1e-12 * differences.reduce(0) { $0 + abs($1) }
    let extreme = (1..<draws).count { draw in
      let key = key.child("signs").child(draw)
      var (sum, bits) = (0.0, UInt32(0))
      for (place, difference) in differences.enumerated() {
        if place % 32 == 0 { bits = key.bits(UInt64(place / 32)) }
        sum += bits & 1 == 0 ? difference : -difference
        bits >>= 1
      }
      return abs(sum) >= reach
    }
    p = Double(extreme + 1) / Double(draws)
    mean = total / Double(differences.count)
    interval = ConfidenceInterval(ofMeanOf: differences, key: key.child("texts"))
  }
}

extension ConfidenceInterval {
  /// The 95 % interval of a mean by the percentile bootstrap.
  package init(ofMeanOf values: [Double], key: RandomKey, resamples: Int = 2000) {
    precondition(!values.isEmpty, "no values")
    self.init(
      ofResamples: (0..<resamples).map { resample in
        let key = key.child(resample)
        return values.indices.reduce(0) { $0 + values[key.integer(below: values.count, UInt64($1))] }
          / Double(values.count)
      })
  }
}
