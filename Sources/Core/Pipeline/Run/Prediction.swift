import DistillCore
import Foundation

/// One answer, and where it came from.
public struct Prediction: Sendable, Encodable {
  /// A stored example that was looked up.
  public struct Source: Sendable, Encodable {
    /// Its place in the training file, counted from 0.
    public let row: Int
    public let similarity: Float
    /// The teacher's soft label for it.
    public let scores: [String: Float]
  }

  typealias Found = (neighbours: [Neighbour], retrieved: ArraySlice<Float>, knowledge: KnowledgeBase)

  /// The label with the largest score; absent for a regression.
  public let label: String?
  /// The answer: student and knowledge base mixed.
  public let scores: [String: Float]
  /// The student's own.
  public let student: [String: Float]
  /// The neighbours' average; absent without a knowledge base.
  public let retrieved: [String: Float]?
  public let neighbours: [Source]?

  /// - Parameters:
  ///   - answer: the student's own, [C], without a knowledge base.
  ///   - found: what was looked up, and what came of it.
  init(
    task: TaskKind, student own: ArraySlice<Float>, answer: ArraySlice<Float>, found: Found?
  ) {
    let labels: [String]?
    if case .classification(let names) = task { labels = names } else { labels = nil }
    func named(_ values: some Sequence<Float>) -> [String: Float] {
      Dictionary(uniqueKeysWithValues: zip(labels ?? ["score"], values))
    }
    let values = Array(answer)
    label = labels?[values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }]
    scores = named(values)
    student = named(own)
    retrieved = found.map { named($0.retrieved) }
    neighbours = found.map { found in
      found.neighbours.map {
        Source(
          row: found.knowledge.rows[$0.row], similarity: $0.similarity,
          scores: named(found.knowledge.softLabels.row($0.row)))
      }
    }
  }
}
