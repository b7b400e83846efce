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

  /// The label with the largest score; absent for a regression.
  public let label: String?
  /// The answer: student and knowledge base mixed.
  public let scores: [String: Float]
  /// The student's own.
  public let student: [String: Float]
  /// The neighbours' average; absent without a knowledge base.
  public let retrieved: [String: Float]?
  public let neighbours: [Source]?

  init(task: TaskKind, student own: [Float], neighbours found: [Neighbour], augmentation: RetrievalAugmentation?) {
    let names: [String]
    if case .classification(let labels) = task { names = labels } else { names = ["score"] }
    func named(_ values: some Sequence<Float>) -> [String: Float] {
      Dictionary(uniqueKeysWithValues: zip(names, values))
    }
    var answer = own
    if let augmentation {
      let average = augmentation.retrieved(found, mixing: augmentation.mixing)
      answer = augmentation.mixed(student: own, retrieved: average, beta: augmentation.mixing.beta)
      retrieved = named(average)
      neighbours = found.map {
        Source(
          row: augmentation.knowledge.rows[$0.row], similarity: $0.similarity,
          scores: named(augmentation.knowledge.softLabels.row($0.row)))
      }
    } else {
      (retrieved, neighbours) = (nil, nil)
    }
    let best = answer.indices.reduce(0) { answer[$1] > answer[$0] ? $1 : $0 }
    if case .classification(let labels) = task { label = labels[best] } else { label = nil }
    scores = named(answer)
    student = named(own)
  }
}
