import DistillCore
import Foundation

/// A knowledge base with an index over it, ready to be asked.
public struct RetrievalAugmentation: Sendable {
  public let knowledge: KnowledgeBase
  public let retriever: any Retriever
  public var mixing: Mixing

  public init(_ knowledge: KnowledgeBase, retriever: any Retriever, mixing: Mixing) {
    (self.knowledge, self.retriever, self.mixing) = (knowledge, retriever, mixing)
  }

  /// The neighbours of student embeddings [B, D], which are brought to length 1 here.
  public func neighbours(of embeddings: Tensor, count: Int? = nil) throws -> [[Neighbour]] {
    try retriever.search(Matrix(embeddings.l2Normalised()), neighbours: count ?? mixing.neighbours)
  }

  /// Answers of the student [B, C] mixed with those of the neighbours that were found for it: y' = β·y + (1 − β)·r with
  /// r = Σ_k w_k ȳ_k over the first K of them, w = softmax(similarity/τ). A query without neighbours has an r of zeros.
  ///
  /// Mixing by β is the paper's; the form of the weights, and which side has β, are our reading of it.
  /// - Parameters:
  ///   - student: y, [B, C].
  ///   - neighbours: what was found for each row of it, best first.
  ///   - mixing: K, β and τ; nil for ``mixing``.
  /// - Returns: r and y', [B, C] both.
  public func answers(
    student: Matrix, neighbours: [[Neighbour]], mixing: Mixing? = nil
  ) -> (retrieved: Matrix, mixed: Matrix) {
    let mixing = mixing ?? self.mixing
    var (retrieved, mixed) = ([Float](), [Float]())
    for (row, found) in neighbours.enumerated() {
      let average = average(found.prefix(mixing.neighbours), temperature: mixing.temperature)
      retrieved += average
      mixed += zip(student.row(row), average).map { mixing.beta * $0 + (1 - mixing.beta) * $1 }
    }
    func matrix(_ values: [Float]) -> Matrix { Matrix(rows: student.rows, columns: student.columns, values: values) }
    return (matrix(retrieved), matrix(mixed))
  }

  private func average(_ found: ArraySlice<Neighbour>, temperature: Float) -> [Float] {
    var average = [Float](repeating: 0, count: knowledge.softLabels.columns)
    guard let best = found.first?.similarity else { return average }
    let weights = found.map { Float(exp(Double(($0.similarity - best) / temperature))) }
    let total = weights.reduce(0, +)
    for (neighbour, weight) in zip(found, weights) {
      for (column, value) in knowledge.softLabels.row(neighbour.row).enumerated() {
        average[column] += weight / total * value
      }
    }
    return average
  }
}
