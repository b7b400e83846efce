import DistillCore

/// Figures that explain what retrieval adds to a student, for a classification.
///
/// If the keys of a class have collapsed into one point, retrieval repeats the class of the nearest point, and can add little to
/// a classifier that reads the same vector.
package struct RetrievalDiagnosis: Sendable, Codable {
  /// The share of the keys' variance that is within classes, from 0 to 1. `nil` if all keys are equal.
  package let varianceWithinClasses: Double?
  /// The mean cosine of two keys of the same class, or `nil` if there are no two.
  package let cosineWithinClasses: Double?
  /// The mean cosine of two keys of different classes, or `nil` if there are no two.
  package let cosineBetweenClasses: Double?
  /// The number of texts on which the student alone and retrieval alone give different labels.
  package let disagreements: Int
  /// The number of these on which the student is right.
  package let studentIsRight: Int
  /// The number of these on which retrieval is right.
  package let retrievalIsRight: Int
  /// The accuracy if the right one of both were always believed.
  package let perfectArbitration: Double
  /// The accuracy of retrieval alone.
  package let retrievalAlone: Double
  /// The accuracy of the class whose mean key is nearest.
  package let oneKeyPerClass: Double
  /// The mean cosine of the mapped states to the embeddings that they are mapped to, on the texts that chose the strength of the
  /// map's penalty. `nil` if the space needs no map.
  package let mapCosine: Double?

  /// Computes the figures.
  ///
  /// - Parameters:
  ///   - keys: The keys [M, D], of length 1.
  ///   - classes: The class of each key.
  ///   - queries: The queries of the labelled texts [B, D], of length 1.
  ///   - student: The student's probabilities for the texts [B, C].
  ///   - retrieved: The retrieved probabilities for the texts [B, C].
  ///   - targets: The right classes of the texts, at least one.
  ///   - mapCosine: How well the map to the space meets its aim, if there is one.
  package init(
    keys: Matrix, classes: [Int], queries: Matrix, student: Matrix, retrieved: Matrix, targets: [Int],
    mapCosine: Double? = nil
  ) {
    self.mapCosine = mapCosine
    precondition(classes.count == keys.rows && !targets.isEmpty, "\(classes.count) classes of \(keys.rows) keys")
    precondition(
      [queries.rows, student.rows, retrieved.rows].allSatisfy { $0 == targets.count }, "texts without an answer")
    // Pairs within a class are counted by class sums: Σ over i, j of zᵢ·zⱼ is ‖Σ zᵢ‖².
    var sums: [Int: (sum: [Double], count: Double)] = [:]
    var total = [Double](repeating: 0, count: keys.columns)
    var squares = 0.0
    for (row, label) in classes.enumerated() {
      for (column, value) in keys.row(row).enumerated() {
        sums[label, default: (total.map { _ in 0 }, 0)].sum[column] += Double(value)
        total[column] += Double(value)
        squares += Double(value) * Double(value)
      }
      sums[label]?.count += 1
    }
    func square(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 } }
    let ordered = sums.sorted { $0.key < $1.key }
    let groups = ordered.map(\.value)
    let within = groups.reduce(0) { $0 + square($1.sum) }
    let pairsWithin = groups.reduce(0) { $0 + $1.count * ($1.count - 1) }
    let pairsBetween = groups.reduce(Double(keys.rows) * Double(keys.rows)) { $0 - $1.count * $1.count }
    let variance = squares - square(total) / Double(keys.rows)
    let rest = squares - groups.reduce(0) { $0 + square($1.sum) / $1.count }
    varianceWithinClasses = variance > 1e-9 * squares ? max(0, rest / variance) : nil
    cosineWithinClasses = pairsWithin > 0 ? (within - squares) / pairsWithin : nil
    cosineBetweenClasses = pairsBetween > 0 ? (square(total) - within) / pairsBetween : nil

    func accuracy(_ isRight: (Int) -> Bool) -> Double {
      Double(targets.indices.count(where: isRight)) / Double(targets.count)
    }
    let (own, found) = (student.tensor.rowArgmax(), retrieved.tensor.rowArgmax())
    let different = targets.indices.filter { own[$0] != found[$0] }
    disagreements = different.count
    studentIsRight = different.count { own[$0] == targets[$0] }
    retrievalIsRight = different.count { found[$0] == targets[$0] }
    perfectArbitration = accuracy { own[$0] == targets[$0] || found[$0] == targets[$0] }
    retrievalAlone = accuracy { found[$0] == targets[$0] }

    let means = Tensor(
      groups.flatMap { group in group.sum.map { Float($0 / group.count) } }, [groups.count, keys.columns])
    let nearest = matmul(queries.tensor, means.l2Normalised(), transposeB: true).rowArgmax()
    oneKeyPerClass = accuracy { ordered[nearest[$0]].key == targets[$0] }
  }
}
