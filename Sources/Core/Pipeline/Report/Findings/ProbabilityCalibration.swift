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
  /// The mean of −ln of the right class's probability; where several labels can apply, of the sum over all labels.
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

  /// Where several labels can apply, every decision about a label and a text counts: the probability of the label, and whether it applies.
  package init(row: String, probabilities: Matrix, labels: [[Int]]) {
    self.row = row
    var bins = Bins()
    var loss = 0.0
    for (text, labels) in labels.enumerated() {
      for (label, probability) in probabilities.row(text).enumerated() {
        let applies = labels.contains(label)
        bins.add(Double(probability), isRight: applies)
        loss -= Self.logarithm(Double(applies ? probability : 1 - probability))
      }
    }
    (self.bins, error, logLoss) = (bins.filled, bins.error, loss / Double(max(1, labels.count)))
    (temperature, errorWithTemperature, logLossWithTemperature) = (nil, nil, nil)
  }

  private static func figures(_ probabilities: Matrix, _ targets: [Int]) -> (
    bins: [Bin], error: Double, logLoss: Double
  ) {
    var bins = Bins()
    var loss = 0.0
    for ((row, target), answer) in zip(targets.enumerated(), probabilities.tensor.rowArgmax()) {
      let own = probabilities.row(row)
      bins.add(Double(own[own.startIndex + answer]), isRight: answer == target)
      loss -= logarithm(Double(target < own.count ? own[own.startIndex + target] : 0))
    }
    return (bins.filled, bins.error, loss / Double(max(1, targets.count)))
  }

  /// Sums over probabilities in bins of equal width.
  private struct Bins {
    private var sums = [(count: Int, confidence: Double, right: Int)](repeating: (0, 0, 0), count: binCount)

    mutating func add(_ probability: Double, isRight: Bool) {
      // A probability on a border belongs to the lower bin.
      let bin = min(binCount - 1, max(0, Int((probability * Double(binCount)).rounded(.up)) - 1))
      sums[bin].count += 1
      sums[bin].confidence += probability
      sums[bin].right += isRight ? 1 : 0
    }

    var filled: [Bin] {
      sums.filter { $0.count > 0 }.map {
        Bin(
          count: $0.count, confidence: $0.confidence / Double($0.count), accuracy: Double($0.right) / Double($0.count))
      }
    }

    var error: Double {
      let total = Double(max(1, sums.reduce(0) { $0 + $1.count }))
      return filled.reduce(0) { $0 + Double($1.count) / total * abs($1.accuracy - $1.confidence) }
    }
  }

  /// ln p, where p is at least the smallest normal number of 32 bits, so that one text cannot make the mean infinite.
  private static func logarithm(_ probability: Double) -> Double { log(max(probability, 1.1754944e-38)) }
}
