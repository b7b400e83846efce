import Foundation

/// Returns the two-sided p-value of the exact test of McNemar (1947): the probability that `gained` + `lost` tosses of a fair coin
/// are at least as uneven as these.
///
/// - Parameters:
///   - gained: The number of examples that only the first of two methods answers correctly.
///   - lost: The number of examples that only the second one answers correctly.
package func exactMcNemarTest(gained: Int, lost: Int) -> Double {
  precondition(gained >= 0 && lost >= 0, "\(gained) gained and \(lost) lost")
  let count = gained + lost
  let logarithm = lgamma(Double(count + 1)) - Double(count) * log(2)
  let tail = (0...min(gained, lost)).reduce(0.0) {
    $0 + exp(logarithm - lgamma(Double($1 + 1)) - lgamma(Double(count - $1 + 1)))
  }
  return min(1, 2 * tail)
}
