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

  /// Σ_k w_k ȳ_k over the first K neighbours with w = softmax(similarity/τ): [C] for each query.
  ///
  /// The form of the weights is our reading of the paper.
  public func retrieved(_ neighbours: [Neighbour], mixing: Mixing) -> [Float] {
    let found = neighbours.prefix(mixing.neighbours)
    var average = [Float](repeating: 0, count: knowledge.softLabels.columns)
    guard let best = found.first?.similarity else { return average }
    let weights = found.map { Float(exp(Double(($0.similarity - best) / mixing.temperature))) }
    let total = weights.reduce(0, +)
    for (neighbour, weight) in zip(found, weights) {
      for (column, value) in knowledge.softLabels.row(neighbour.row).enumerated() {
        average[column] += weight / total * value
      }
    }
    return average
  }

  /// y' = β·y + (1 − β)·retrieved: the student's answer y [C] mixed with the neighbours'.
  public func mixed(student: some Collection<Float>, retrieved: [Float], beta: Float) -> [Float] {
    zip(student, retrieved).map { beta * $0 + (1 - beta) * $1 }
  }
}
