import DistillCore
import DistillTraining
import Foundation

/// A knowledge base with an index over its embeddings and the settings for mixing it in.
public struct RetrievalAugmentation: Sendable {
  public let knowledge: KnowledgeBase
  public let retriever: any Retriever
  public var mixing: Mixing
  /// What answers in the place of the student's classifier, if anything does.
  public var readout: Readout?

  public init(_ knowledge: KnowledgeBase, retriever: any Retriever, mixing: Mixing, readout: Readout? = nil) {
    (self.knowledge, self.retriever, self.mixing, self.readout) = (knowledge, retriever, mixing, readout)
  }

  /// Replaces the settings, those of the readout as well.
  mutating func use(_ mixing: Mixing) {
    self.mixing = mixing
    readout?.beta = mixing.beta
  }

  /// What the student and the knowledge base say about some texts.
  struct Answers {
    /// What the student's classifier or the readout says: probabilities or scores.
    let own: Matrix
    /// The neighbours of each text, best first.
    let neighbours: [[Neighbour]]
    let retrieved: Matrix
    let mixed: Matrix
  }

  /// Returns the answers to what the student, or the encoder that makes its queries, returned.
  ///
  /// - Parameters:
  ///   - response: A response with `embedding` and, without a readout, `logits`.
  ///   - task: The task, whose labels are the columns.
  ///   - count: The number of neighbours to look up, if it is more than K.
  func answers(_ response: Response, task: TaskKind, neighbours count: Int = 0) throws -> Answers {
    let keys = try response[.embedding].l2Normalised()
    let found = try neighbours(of: keys, count: max(count, mixing.neighbours))
    let retrieved = retrieved(found, mixing)
    guard let readout else {
      let own = Matrix(probabilities(from: try response[.logits], task: task))
      return Answers(
        own: own, neighbours: found, retrieved: retrieved, mixed: mixed(own, retrieved, mixing))
    }
    // No text of labels that were taught later is held out, so that no share can be chosen beside their readout. That the neighbours keep
    // half of theirs was settled on texts of BANKING77's training file.
    var mixing = mixing
    (mixing.beta, mixing.studentTemperature) = (readout.beta ?? (1 + mixing.beta) / 2, 1)
    let own = readout(keys, task: task)
    let hidden = readout.unknown(in: task)
    return Answers(
      own: own, neighbours: found, retrieved: retrieved,
      mixed: mixed(own, retrieved, mixing, hiding: hidden))
  }

  /// Returns the neighbours of student embeddings [B, D].
  ///
  /// - Parameters:
  ///   - embeddings: The embeddings, which this method scales to length 1.
  ///   - count: The number of neighbours. Default: K in ``mixing``.
  public func neighbours(of embeddings: Tensor, count: Int? = nil) throws -> [[Neighbour]] {
    try retriever.search(
      Matrix(embeddings.l2Normalised()), neighbours: count ?? mixing.neighbours, among: knowledge.mayBeFound)
  }

  /// Mixes the answers of the student with the labels of the neighbours.
  ///
  /// The result is y' = β·y + (1 − β)·r with r = Σ_k w_k ȳ_k over the first K neighbours, w_k ∝ exp(s_k/τ) and Σ_k w_k = 1, where s_k
  /// is the similarity of neighbour k. The student's probabilities y are softened by its temperature T before, and its scores corrected by a
  /// line. For a query without neighbours, r is zero, and y is zero for labels that the student has never heard of.
  ///
  /// An adaptive mixing differs in two things. The weights are w_k ∝ exp(s_k/τ) / min(n, K) for n keys of the neighbour's class, because
  /// a class of five can have five neighbours at most. And β is multiplied by 1 − m, where m is the sum of r over the labels that the
  /// student does not know: it has the less to say, the more the neighbours are of such labels, and about these it has nothing to say, so
  /// that y' is r there. Where several labels can apply, m is at most 1 and every n counts as K. With classes of K keys or more that the student knows, both formulas are the same.
  ///
  /// Mixing with a factor β comes from the paper (Zhang et al., ACL 2023). The formula of the weights, and that β belongs to
  /// the student's side, are our interpretation; the adaptive mixing is ours.
  ///
  /// - Parameters:
  ///   - student: y, the answers of the student [B, C].
  ///   - neighbours: The neighbours of each row, best first.
  ///   - mixing: K, β and τ, or `nil` for ``mixing``.
  /// - Returns: r and y', both [B, C].
  public func answers(
    student: Matrix, neighbours: [[Neighbour]], mixing: Mixing? = nil
  ) -> (retrieved: Matrix, mixed: Matrix) {
    let mixing = mixing ?? self.mixing
    let retrieved = retrieved(neighbours, mixing)
    return (retrieved, mixed(student, retrieved, mixing))
  }

  /// Returns r [B, C], in which the knowledge base may have more labels than the student.
  func retrieved(_ neighbours: [[Neighbour]], _ mixing: Mixing) -> Matrix {
    let labels = knowledge.softLabels
    var values = [Float](repeating: 0, count: neighbours.count * labels.columns)
    for (row, all) in neighbours.enumerated() {
      let found = all.prefix(mixing.neighbours)
      guard let best = found.first?.similarity else { continue }
      // Subtracting the largest similarity keeps the exponentials from overflowing and does not change the weights.
      let weights = found.map { neighbour in
        let size = knowledge.classSizes[knowledge.classes[neighbour.row]]
        return Float(exp(Double((neighbour.similarity - best) / mixing.temperature)))
          / (mixing.isAdaptive ? Float(max(1, min(size, mixing.neighbours))) : 1)
      }
      let total = weights.reduce(0, +)
      for (neighbour, weight) in zip(found, weights) {
        for (column, value) in labels.row(neighbour.row).enumerated() where value != 0 {
          values[row * labels.columns + column] += weight / total * value
        }
      }
    }
    return Matrix(rows: neighbours.count, columns: labels.columns, values: values)
  }

  /// Returns y' [B, C].
  ///
  /// - `hidden`: Labels of the student that are treated as if it had never heard of them.
  func mixed(_ student: Matrix, _ retrieved: Matrix, _ mixing: Mixing, hiding hidden: Set<Int> = []) -> Matrix {
    var values: [Float] = []
    values.reserveCapacity(retrieved.values.count)
    let isKnown = (0..<retrieved.columns).map { $0 < student.columns && !hidden.contains($0) }
    for row in 0..<student.rows {
      let (own, found) = (mixing.calibrated(student.row(row)), Array(retrieved.row(row)))
      let unheardOf = zip(found, isKnown).reduce(Float(0)) { $1.1 ? $0 : $0 + $1.0 }
      let known = hidden.isEmpty ? 1 : max(zip(own, isKnown).reduce(0) { $1.1 ? $0 + $1.0 : $0 }, 1e-6)
      let beta = mixing.isAdaptive ? mixing.beta * (1 - min(unheardOf, 1)) : mixing.beta
      for (column, value) in found.enumerated() {
        if isKnown[column] {
          values.append(beta * own[column] / known + (1 - mixing.beta) * value)
        } else {
          values.append(mixing.isAdaptive ? value : (1 - mixing.beta) * value)
        }
      }
    }
    return Matrix(rows: student.rows, columns: retrieved.columns, values: values)
  }
}

/// How unlike a text is to everything known.
extension RetrievalAugmentation {
  /// The number of neighbours that are looked up, so that among them are some of other classes than that of the nearest.
  public static let neighboursForNovelty = 64

  /// Returns how unlike a query is to everything known: (1 − s) + ½ (1 − (s − s')), larger for what is newer.
  ///
  /// s is the similarity of the nearest key, and s' that of the nearest key of another class. If there is none among the neighbours, the
  /// last of them takes its place. A text that nobody has taught is far from all keys, and often lies between classes. Without neighbours
  /// it is 2½. The formula is ours.
  ///
  /// - `neighbours`: The ``neighboursForNovelty`` nearest.
  public func novelty(_ neighbours: [Neighbour]) -> Float {
    guard let first = neighbours.first, let last = neighbours.last else { return 2.5 }
    let rival = neighbours.first { knowledge.classes[$0.row] != knowledge.classes[first.row] } ?? last
    return 1 - first.similarity + (1 - (first.similarity - rival.similarity)) / 2
  }
}
