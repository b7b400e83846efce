import DistillCore
import Foundation

/// How well the largest probability of one way of answering tells how often it is right.
///
/// The expected calibration error is Σ n/N · |accuracy − mean probability| over bins of equal width (Guo et al. 2017, "On Calibration of
/// Modern Neural Networks").
package struct ProbabilityCalibration: Sendable, Codable {
  package struct Bin: Sendable, Codable {
    package let count: Int
    /// The mean of the largest probabilities.
    package let confidence: Double
    package let accuracy: Double
  }

  /// The row of the report.
  package let row: String
  /// The bins from 0 to 1, without empty ones.
  package let bins: [Bin]
  /// The expected calibration error.
  package let error: Double
  /// The mean of −ln of the right class's probability.
  package let logLoss: Double
  /// The temperature that was fitted on held-out texts, if one was, and the two figures with probabilities y^(1/T) / Σ y^(1/T).
  package let temperature: Double?
  package let errorWithTemperature: Double?
  package let logLossWithTemperature: Double?

  static let binCount = 15

  /// - Parameters:
  ///   - row: The row of the report.
  ///   - probabilities: [M, C]
  ///   - targets: The right classes, M.
  ///   - temperature: The fitted temperature, if there is one.
  package init(row: String, probabilities: Matrix, targets: [Int], temperature: Float? = nil) {
    self.row = row
    (bins, error, logLoss) = Self.figures(probabilities, targets)
    self.temperature = temperature.map { Double($0) }
    let after = temperature.map { temperature in
      Self.figures(
        Matrix(
          rows: probabilities.rows, columns: probabilities.columns,
          values: (0..<probabilities.rows).flatMap { softened(probabilities.row($0), temperature) }), targets)
    }
    (errorWithTemperature, logLossWithTemperature) = (after?.error, after?.logLoss)
  }

  private static func figures(_ probabilities: Matrix, _ targets: [Int]) -> (
    bins: [Bin], error: Double, logLoss: Double
  ) {
    var sums = [(count: Int, confidence: Double, right: Int)](repeating: (0, 0, 0), count: binCount)
    var loss = 0.0
    for ((row, target), answer) in zip(targets.enumerated(), probabilities.tensor.rowArgmax()) {
      let own = probabilities.row(row)
      let confidence = Double(own[own.startIndex + answer])
      // A probability on a border belongs to the lower bin.
      let bin = min(binCount - 1, max(0, Int((confidence * Double(binCount)).rounded(.up)) - 1))
      sums[bin].count += 1
      sums[bin].confidence += confidence
      sums[bin].right += answer == target ? 1 : 0
      loss -= logarithm(Double(target < own.count ? own[own.startIndex + target] : 0))
    }
    let bins = sums.filter { $0.count > 0 }.map {
      Bin(count: $0.count, confidence: $0.confidence / Double($0.count), accuracy: Double($0.right) / Double($0.count))
    }
    let total = Double(max(1, targets.count))
    return (bins, bins.reduce(0) { $0 + Double($1.count) / total * abs($1.accuracy - $1.confidence) }, loss / total)
  }

  /// ln p, where p is at least the smallest normal number of 32 bits, so that one text cannot make the mean infinite.
  private static func logarithm(_ probability: Double) -> Double { log(max(probability, 1.1754944e-38)) }
}
