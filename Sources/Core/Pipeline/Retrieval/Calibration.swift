import DistillCore
import DistillTraining
import Foundation

extension Mixing {
  /// Returns the student's own answer y as it is mixed: probabilities y^(1/T) / Σ y^(1/T), or a score a·y + b.
  func calibrated(_ answer: ArraySlice<Float>) -> [Float] {
    softened(answer, studentTemperature).map { studentLine.slope * $0 + studentLine.offset }
  }

  /// Returns the calibrated answers of all rows [B, C].
  func calibrated(_ answers: Matrix) -> Matrix {
    Matrix(
      rows: answers.rows, columns: answers.columns, values: (0..<answers.rows).flatMap { calibrated(answers.row($0)) })
  }

  /// Fits what ``calibrated(_:)`` does to labelled texts that a student was not trained on: a temperature if a text has one label, and a
  /// line if it has a score. What says whether each of several labels applies is left as it is.
  ///
  /// - Parameters:
  ///   - student: The student's probabilities or scores [B, C].
  ///   - data: The texts with their targets.
  /// - Throws: `ContractError` if a text has no target.
  package mutating func calibrate(_ student: Matrix, on data: EncodedDataset) throws {
    let targets = try data.everyTarget()
    let labels = targets.compactMap(\.label)
    if !labels.isEmpty, labels.count == targets.count {
      studentTemperature = Self.bestTemperature(of: student, labels)
    }
    let scores = targets.compactMap(\.score)
    if !scores.isEmpty, scores.count == targets.count { studentLine = Line(from: student.values, to: scores) }
  }

  /// Returns the temperature T of probabilities with which the mean of −ln of the right label's probability is least (Guo et al. 2017, "On
  /// Calibration of Modern Neural Networks"): one of 2^(−1), 2^(−7/8), … 2^3.
  private static func bestTemperature(of student: Matrix, _ labels: [Int]) -> Float {
    func loss(_ temperature: Float) -> Double {
      labels.enumerated().reduce(0) { sum, text in
        sum - log(max(Double(softened(student.row(text.offset), temperature)[text.element]), 1e-12))
      }
    }
    return (-8...24).map { exp2(Float($0) / 8) }.min { loss($0) < loss($1) } ?? 1
  }
}

extension Mixing.Line {
  /// The line of least squares. Scores that do not rise with what they should be are only shifted, to the right mean.
  init(from scores: [Float], to right: [Float]) {
    self.init()
    let count = Double(scores.count)
    let means = [scores, right].map { $0.reduce(0) { $0 + Double($1) } / count }
    let pairs = zip(scores, right).map { (Double($0) - means[0], Double($1) - means[1]) }
    let fitted = Float(pairs.reduce(0) { $0 + $1.0 * $1.1 } / pairs.reduce(0) { $0 + $1.0 * $1.0 })
    if fitted > 0, fitted.isFinite { slope = fitted }
    offset = Float(means[1] - Double(slope) * means[0])
  }
}

/// Returns y^(1/T) / Σ y^(1/T) for probabilities y.
func softened(_ probabilities: ArraySlice<Float>, _ temperature: Float) -> [Float] {
  if temperature == 1 { return Array(probabilities) }
  let powers = probabilities.map { pow($0, 1 / temperature) }
  let total = powers.reduce(0, +)
  return total > 0 ? powers.map { $0 / total } : powers
}
