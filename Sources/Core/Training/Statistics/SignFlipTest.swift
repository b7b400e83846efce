import Foundation

/// Returns the two-sided p-value of the exact sign-flip test: the probability that the sum of the differences, each with a random
/// sign, is at least as far from 0 as the sum itself.
///
/// If every difference is −1, 0 or 1, this is the exact test of McNemar (1947). With several seeds, a difference is the number of
/// seeds with which the first method is right about a text, minus that of the second. Answers to the same text are not independent
/// of each other, which this test takes into account: it draws one sign for a text.
///
/// All sums of k differences are counted by convolution, in O(M · Σ|d|) time.
package func exactSignFlipTest(_ differences: [Int]) -> Double {
  let sizes = differences.map(abs).filter { $0 > 0 }
  let reach = sizes.reduce(0, +)
  guard reach > 0 else { return 1 }
  var probabilities = [Double](repeating: 0, count: 2 * reach + 1)  // of the sums −reach … reach
  probabilities[reach] = 1
  var (low, high) = (reach, reach)
  for size in sizes {
    var next = [Double](repeating: 0, count: probabilities.count)
    for place in low...high where probabilities[place] > 0 {
      next[place - size] += probabilities[place] / 2
      next[place + size] += probabilities[place] / 2
    }
    (low, high, probabilities) = (low - size, high + size, next)
  }
  let observed = abs(differences.reduce(0, +))
  return min(1, probabilities.indices.reduce(0) { $0 + (abs($1 - reach) >= observed ? probabilities[$1] : 0) })
}

/// Returns p-values that are corrected for their number by the method of Holm (1979), in the same order.
package func holmCorrected(_ values: [Double]) -> [Double] {
  var (corrected, largest) = (values, 0.0)
  for (rank, index) in values.indices.sorted(by: { values[$0] < values[$1] }).enumerated() {
    largest = max(largest, min(1, values[index] * Double(values.count - rank)))
    corrected[index] = largest
  }
  return corrected
}
