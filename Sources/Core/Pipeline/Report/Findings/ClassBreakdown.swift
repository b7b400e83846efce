import DistillCore

/// Which classes one way of answering takes for which.
package struct ClassBreakdown: Sendable, Codable {
  package struct Class: Sendable, Codable {
    package let name: String
    /// The number of texts of the class.
    package let support: Int
    /// The number of texts that were taken for it.
    package let predicted: Int
    /// The share of these that are of the class; 0 if there are none.
    package let precision: Double
    /// The share of the class's texts that were taken for it; 0 if there are none.
    package let recall: Double
    /// The harmonic mean of both; 0 if one of them is.
    package let f1: Double
  }

  /// The row of the report.
  package let row: String
  /// The classes that occur among the texts or the answers, in the order of their labels.
  package let classes: [Class]
  /// The number of texts of a class that were taken for a class, as [right class, answer, number], where it is not 0. Classes are places
  /// in ``classes``. Empty where a text can have several labels, of which none is taken for another.
  package let confusions: [[Int]]
  /// The mean F1 of the classes.
  package let macroF1: Double

  /// - Parameters:
  ///   - row: The row of the report.
  ///   - names: The labels in the order of their indices.
  ///   - targets: The labels that apply to each text.
  ///   - predictions: The labels that each text was given.
  package init(row: String, names: [String], targets: [[Int]], predictions: [[Int]]) {
    let occurring = Set(targets.joined()).union(predictions.joined()).sorted()
    let places = Dictionary(uniqueKeysWithValues: zip(occurring, 0...))
    var counts: [[Int]: Int] = [:]
    var (supports, answers, hits) = ([Int: Int](), [Int: Int](), [Int: Int]())
    for (target, prediction) in zip(targets, predictions) {
      for label in target { supports[label, default: 0] += 1 }
      for label in prediction { answers[label, default: 0] += 1 }
      for label in prediction where target.contains(label) { hits[label, default: 0] += 1 }
      if target.count == 1, prediction.count == 1 {
        counts[[places[target[0]] ?? 0, places[prediction[0]] ?? 0], default: 0] += 1
      }
    }
    classes = occurring.map { label in
      let (support, predicted) = (supports[label] ?? 0, answers[label] ?? 0)
      let right = Double(hits[label] ?? 0)
      let precision = predicted > 0 ? right / Double(predicted) : 0
      let recall = support > 0 ? right / Double(support) : 0
      return Class(
        name: names[label], support: support, predicted: predicted, precision: precision, recall: recall,
        f1: right > 0 ? 2 * precision * recall / (precision + recall) : 0)
    }
    let isSingle = targets.allSatisfy { $0.count == 1 } && predictions.allSatisfy { $0.count == 1 }
    confusions = !isSingle ? [] : counts.map { $0.key + [$0.value] }.sorted { $0.lexicographicallyPrecedes($1) }
    macroF1 = classes.reduce(0) { $0 + $1.f1 } / Double(max(1, classes.count))
    self.row = row
  }
}
