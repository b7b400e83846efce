import DistillCore
import DistillKnowledge
import Foundation

/// The answer to one text, and where it comes from.
public struct Prediction: Sendable {
  /// A stored example that was found in the knowledge base.
  public struct Source: Sendable {
    /// The number of the entry, which it keeps for ever.
    public let id: Int
    /// The text, if the knowledge base keeps texts.
    public let text: String?
    /// The second text of a pair.
    public let pair: String?
    /// Its true label, if it has one, or all of them with a bar between them.
    public let label: String?
    /// Where it comes from, such as `train.tsv:12`.
    public let source: String?
    /// The cosine between its key and the query.
    public let similarity: Float
    /// What it counts for: 1 for its true label, or the teacher's probabilities, or scores.
    public let scores: [String: Float]
  }

  typealias Found = (
    neighbours: [Neighbour], retrieved: ArraySlice<Float>, knowledge: KnowledgeBase, entries: [Int: KnowledgeEntry],
    novelty: Float
  )

  /// The label with the largest score, or `nil` for regression.
  public let label: String?
  /// The labels that apply where several can, in the order of their indices; `nil` for other tasks.
  public let labels: [String]?
  /// The score of that label, or the answer of a regression.
  public var score: Float { scores[label ?? "score"] ?? 0 }
  /// The answer by label, in which student and knowledge base are mixed. For regression it has the single key `score`.
  public let scores: [String: Float]
  /// The student's own answer.
  public let student: [String: Float]
  /// The weighted mean of the neighbours' soft labels, or `nil` without a knowledge base.
  public let retrieved: [String: Float]?
  /// The neighbours, best first, or `nil` without a knowledge base.
  public let neighbours: [Source]?
  /// How unlike the text is to everything in the knowledge base, from −½ to 2½; see ``RetrievalAugmentation``. Larger is newer.
  public let novelty: Float?
  /// Whether the novelty is beyond what all but a few held-out texts have (`knowledge_base.false_alarms`). `nil` without held-out
  /// texts or knowledge base.
  public let unknown: Bool?

  /// Creates a prediction.
  ///
  /// - Parameters:
  ///   - task: The task, which names the labels.
  ///   - own: The student's own answer [C].
  ///   - answer: The final answer [C]. Without a knowledge base it is the student's own.
  ///   - found: The neighbours and their mean, or `nil` without a knowledge base.
  ///   - threshold: The novelty beyond which the text counts as unknown.
  ///   - labelThreshold: The probability from which on a label applies, where several can. Default: ½.
  init(
    task: TaskKind, student own: ArraySlice<Float>, answer: ArraySlice<Float>, found: Found?,
    threshold: Float? = nil, labelThreshold: Float? = nil
  ) {
    novelty = found?.novelty
    unknown = found.flatMap { found in threshold.map { found.novelty > $0 } }
    let names = task.labels
    func named(_ values: some Sequence<Float>) -> [String: Float] {
      Dictionary(uniqueKeysWithValues: zip(names ?? ["score"], values))
    }
    let values = Array(answer)
    labels =
      task.isMultilabel
      ? names?.enumerated().filter { values[$0.offset] >= labelThreshold ?? 0.5 }.map(\.element) : nil
    label = names?[values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }]
    scores = named(values)
    student = named(own)
    retrieved = found.map { named($0.retrieved) }
    neighbours = found.map { found in
      found.neighbours.map {
        let id = found.knowledge.rows[$0.row]
        let entry = found.entries[id]
        let values = found.knowledge.softLabels.row($0.row)
        return Source(
          id: id, text: entry?.text, pair: entry?.pair, label: entry?.allLabels?.joined(separator: "|"),
          source: entry?.source,
          similarity: $0.similarity, scores: named(values).filter { names == nil || $0.value > 0 })
      }
    }
  }
}

extension Prediction {
  /// Returns the labels with the largest scores, best first, or nothing for regression.
  public func best(_ count: Int) -> [(label: String, score: Float)] {
    guard let label else { return [] }
    let others = scores.filter { $0.key != label }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return ([(label, score)] + others.map { ($0.key, $0.value) }).prefix(count).map { $0 }
  }

  /// Returns what is shown of a prediction, as JSON.
  ///
  /// - Parameters:
  ///   - count: The number of neighbours.
  ///   - isComplete: Whether the scores of all labels are shown.
  ///   - top: How many labels are listed, if more than one.
  public func shown(neighbours count: Int, scores isComplete: Bool, top: Int = 1) -> some Encodable {
    struct Shown: Encodable {
      struct Answer: Encodable {
        let label: String
        let score: Float
      }
      struct Neighbour: Encodable {
        let id: Int
        let text, pair, label, source: String?
        let similarity: Float
        let scores: [String: Float]?
      }
      let label: String?
      let labels: [String]?
      let score: Float
      let novelty: Float?
      let unknown: Bool?
      let neighbours: [Neighbour]?
      let scores, student, retrieved: [String: Float]?
      let top: [Answer]?
    }
    return Shown(
      label: label, labels: labels, score: score, novelty: novelty, unknown: unknown,
      neighbours: neighbours?.prefix(count).map {
        Shown.Neighbour(
          id: $0.id, text: $0.text, pair: $0.pair, label: $0.label, source: $0.source, similarity: $0.similarity,
          // Without a true label, the scores say what the neighbour counts for.
          scores: isComplete || $0.label == nil ? $0.scores : nil)
      }, scores: isComplete ? scores : nil, student: isComplete ? student : nil,
      retrieved: isComplete ? retrieved : nil,
      top: top > 1 && label != nil ? best(top).map { Shown.Answer(label: $0.label, score: $0.score) } : nil)
  }
}
