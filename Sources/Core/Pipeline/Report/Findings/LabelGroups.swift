import DistillCore
import DistillTraining

/// How each row answers texts whose labels the student knows, were taught to the knowledge base later, or were never taught.
package struct LabelGroups: Sendable, Codable {
  package struct Row: Sendable, Codable {
    package let name: String
    /// The accuracy on texts whose labels the student knows. `nil` if there are none, here and below.
    package let known: Double?
    /// The accuracy on texts whose labels were taught later.
    package let taught: Double?
    /// The harmonic mean of both.
    package let harmonicMean: Double?
  }

  /// The numbers of texts whose labels the student knows, were taught later, and were never taught.
  package let known, taught, untaught: Int
  package let rows: [Row]

  /// Counts right answers by group. Returns `nil` if the student knows all labels.
  ///
  /// - Parameters:
  ///   - answers: The right answers, and those of each row.
  ///   - knownLabels: The number of labels that the student knows, which come first.
  ///   - taughtLabels: The number of these and the labels that were taught later.
  init?(_ answers: RecordedAnswers, knownLabels: Int, taughtLabels: Int) {
    let labels = answers.targets.map { Int($0) }
    let isKnown = labels.map { $0 < knownLabels }
    let isTaught = labels.map { $0 >= knownLabels && $0 < taughtLabels }
    (known, taught) = (isKnown.count { $0 }, isTaught.count { $0 })
    untaught = labels.count - known - taught
    guard !answers.isRegression, answers.labelSets == nil, known < labels.count else { return nil }
    func accuracy(_ predictions: [Double], where isIncluded: [Bool]) -> Double? {
      let rows = labels.indices.filter { isIncluded[$0] }
      return rows.isEmpty ? nil : Double(rows.count { Int(predictions[$0]) == labels[$0] }) / Double(rows.count)
    }
    rows = answers.rows.map { row in
      let known = accuracy(row.predictions, where: isKnown)
      let taught = accuracy(row.predictions, where: isTaught)
      let mean = known.flatMap { a in taught.map { b in a + b > 0 ? 2 * a * b / (a + b) : 0 } }
      return Row(name: row.name, known: known, taught: taught, harmonicMean: mean)
    }
  }
}

/// How well novelty tells texts of labels that nobody has taught from others.
package struct NoveltyDiagnosis: Sendable, Codable {
  /// The probability that a text of an untaught label is more novel than one of a taught label (the area under the ROC curve).
  package let auroc: Double
  /// The same for 1 − the largest probability of the student.
  package let aurocOfProbability: Double
  /// The share of texts of untaught labels that are `unknown`, or `nil` without a threshold.
  package let found: Double?
  /// The share of the others that are `unknown`, or `nil` without a threshold.
  package let falseAlarms: Double?

  /// Computes the figures. Returns `nil` unless there are texts of both kinds.
  init?(novelty: [Float], probability: [Float], isUntaught: [Bool], threshold: Float?) {
    guard let area = Self.areaUnderROC(novelty, isUntaught) else { return nil }
    auroc = area
    aurocOfProbability = Self.areaUnderROC(probability.map { -$0 }, isUntaught) ?? 0
    func share(of kind: Bool) -> Double? {
      guard let threshold else { return nil }
      let rows = novelty.indices.filter { isUntaught[$0] == kind }
      return Double(rows.count { novelty[$0] > threshold }) / Double(rows.count)
    }
    (found, falseAlarms) = (share(of: true), share(of: false))
  }

  /// Returns the probability that a positive example has a larger value than a negative one, where equal ones count half (Mann and
  /// Whitney 1947), or `nil` if there are no examples of one kind.
  package static func areaUnderROC(_ values: [Float], _ isPositive: [Bool]) -> Double? {
    let positives = isPositive.count { $0 }
    let negatives = values.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    let order = values.indices.sorted { values[$0] < values[$1] }
    var (below, sum, place) = (0.0, 0.0, 0)
    while place < order.count {
      let end = order[place...].firstIndex { values[$0] != values[order[place]] } ?? order.count
      let tied = Double(order[place..<end].count { isPositive[$0] })
      let others = Double(end - place) - tied
      sum += tied * (below + others / 2)
      below += others
      place = end
    }
    return sum / (Double(positives) * Double(negatives))
  }
}
