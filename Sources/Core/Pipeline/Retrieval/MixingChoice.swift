import DistillCore
import DistillTraining
import Foundation

/// One combination of K, β and τ and what it scored.
public struct MixingTrial: Sendable, Codable {
  public let mixing: Mixing
  public let scores: [Score]
  /// Mean of −ln of the right label's probability, or of the squared error: what is chosen by.
  public let loss: Double
}

extension RetrievalAugmentation {
  /// Tries every combination of a grid on a dataset with labels.
  ///
  /// - Parameters: `embeddings` [B, D] and `outputs` [B, C] are the student's.
  public func trials(
    _ grid: MixingGrid, embeddings: Tensor, outputs: Tensor, data: EncodedDataset, task: TaskDefinition
  ) throws -> [MixingTrial] {
    let found = try neighbours(of: embeddings, count: grid.neighbours.max() ?? 1)
    let student = Matrix(outputs)
    var trials: [MixingTrial] = []
    for neighbours in grid.neighbours {
      for temperature in grid.temperature {
        let mixing = Mixing(neighbours: neighbours, beta: 0, temperature: temperature)
        let retrieved = found.map { self.retrieved($0, mixing: mixing) }
        for beta in grid.beta {
          let mixed = retrieved.indices.flatMap {
            self.mixed(student: student.row($0), retrieved: retrieved[$0], beta: beta)
          }
          let answer = Tensor(mixed, outputs.shape)
          trials.append(
            MixingTrial(
              mixing: Mixing(neighbours: neighbours, beta: beta, temperature: temperature),
              scores: try scores(predictions(from: answer, task: task.kind), on: data, task: task),
              loss: try Self.loss(answer, data)))
        }
      }
    }
    return trials
  }

  /// The trial of the smallest loss; of equal ones the one with fewer neighbours.
  ///
  /// On the few hundred examples that are held out a score moves in steps as large as the differences that matter; the loss
  /// does not.
  public static func best(of trials: [MixingTrial]) -> MixingTrial? {
    trials.min { ($0.loss, $0.mixing.neighbours) < ($1.loss, $1.mixing.neighbours) }
  }

  private static func loss(_ outputs: Tensor, _ data: EncodedDataset) throws -> Double {
    guard let targets = data.targets else { throw ContractError("the data has no labels to compare with") }
    let answers = Matrix(outputs)
    let losses = targets.enumerated().map { row, target in
      let answer = answers.row(row)
      switch target {
      case .label(let label): return -log(max(Double(answer[answer.startIndex + label]), 1e-12))
      case .score(let score): return pow(Double(answer[answer.startIndex] - score), 2)
      }
    }
    return losses.reduce(0, +) / Double(max(losses.count, 1))
  }
}
