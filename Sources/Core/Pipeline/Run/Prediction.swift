import DistillCore
import Foundation

/// The answer to one text, and where it comes from.
public struct Prediction: Sendable, Encodable {
  /// A stored example that was found in the knowledge base.
  public struct Source: Sendable, Encodable {
    /// The position of the example in the training file, counted from 0.
    public let row: Int
    /// The cosine between its embedding and that of the text.
    public let similarity: Float
    /// The teacher's soft label for the example.
    public let scores: [String: Float]
  }

  typealias Found = (neighbours: [Neighbour], retrieved: ArraySlice<Float>, knowledge: KnowledgeBase)

  /// The label with the largest score, or `nil` for regression.
  public let label: String?
  /// The answer by label, in which student and knowledge base are mixed. For regression it has the single key `score`.
  public let scores: [String: Float]
  /// The student's own answer.
  public let student: [String: Float]
  /// The weighted mean of the neighbours' soft labels, or `nil` without a knowledge base.
  public let retrieved: [String: Float]?
  /// The neighbours, best first, or `nil` without a knowledge base.
  public let neighbours: [Source]?

  /// Creates a prediction.
  ///
  /// - Parameters:
  ///   - task: The task, which names the labels.
  ///   - own: The student's own answer [C].
  ///   - answer: The final answer [C]. Without a knowledge base it is the student's own.
  ///   - found: The neighbours and their mean, or `nil` without a knowledge base.
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
