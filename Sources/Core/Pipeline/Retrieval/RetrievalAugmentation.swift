import DistillCore
import Foundation

/// Returns how unlike a query is to everything known: 1 − the cosine to its nearest key, or 2 if there is none.
func novelty(_ neighbours: [Neighbour]) -> Float { 1 - (neighbours.first?.similarity ?? -1) }

/// A knowledge base with an index over its embeddings and the settings for mixing it in.
public struct RetrievalAugmentation: Sendable {
  public let knowledge: KnowledgeBase
  public let retriever: any Retriever
  public var mixing: Mixing

  public init(_ knowledge: KnowledgeBase, retriever: any Retriever, mixing: Mixing) {
    (self.knowledge, self.retriever, self.mixing) = (knowledge, retriever, mixing)
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

  /// Mixes the answers of the student with the soft labels of the neighbours.
  ///
  /// The result is y' = β·y + (1 − β)·r with r = Σ_k w_k ȳ_k over the first K neighbours and w = softmax(similarity/τ). For a
  /// query without neighbours, r is zero.
  ///
  /// The knowledge base may contain labels that the student has never heard of. About these only the neighbours are asked: with
  /// m, the sum of r over them, y' is r for such a label, and β·(1 − m)·y + (1 − β)·r for the others (ours). Where m is 0, that is
  /// the formula above.
  ///
  /// Mixing with a factor β comes from the paper (Zhang et al., ACL 2023). The formula of the weights, and that β belongs to
  /// the student's side, are our interpretation.
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
    let width = knowledge.softLabels.columns  // the knowledge base may know labels that the student does not
    var (retrieved, mixed) = ([Float](), [Float]())
    for (row, found) in neighbours.enumerated() {
      let average = average(found.prefix(mixing.neighbours), temperature: mixing.temperature)
      retrieved += average
      let unheardOf = average[student.columns...].reduce(0, +)
      mixed += zip(student.row(row), average).map { (1 - unheardOf) * mixing.beta * $0 + (1 - mixing.beta) * $1 }
      mixed += average[student.columns...]
    }
    func matrix(_ values: [Float]) -> Matrix { Matrix(rows: student.rows, columns: width, values: values) }
    return (matrix(retrieved), matrix(mixed))
  }

  private func average(_ found: ArraySlice<Neighbour>, temperature: Float) -> [Float] {
    var average = [Float](repeating: 0, count: knowledge.softLabels.columns)
    guard let best = found.first?.similarity else { return average }
    // Subtracting the largest similarity keeps the exponentials from overflowing and does not change the softmax.
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
