import DistillCore
import DistillTraining
import Foundation

/// One combination of K, β and τ and its scores.
package struct MixingTrial: Sendable, Codable {
  package let mixing: Mixing
  package let scores: [Score]
  /// The mean of −ln of the right label's probability, or of the squared error for regression.
  package let loss: Double
}

extension RetrievalAugmentation {
  /// Tries every combination of a grid on a labelled dataset.
  ///
  /// - Parameters:
  ///   - grid: The values of K, β and τ.
  ///   - embeddings: The student's embeddings [B, D].
  ///   - outputs: The student's probabilities or scores [B, C].
  ///   - data: The dataset.
  ///   - task: The task, whose metrics are computed.
  /// - Throws: `ContractError` if the dataset has no targets.
  package func trials(
    _ grid: MixingGrid, embeddings: Tensor, outputs: Tensor, data: EncodedDataset, task: TaskDefinition
  ) throws -> [MixingTrial] {
    let found = try neighbours(of: embeddings, count: grid.neighbours.max() ?? 1)
    let student = Matrix(outputs)
    var trials: [MixingTrial] = []
    for neighbours in grid.neighbours {
      for temperature in grid.temperature {
        for beta in grid.beta {
          let mixing = Mixing(neighbours: neighbours, beta: beta, temperature: temperature)
          let answer = answers(student: student, neighbours: found, mixing: mixing).mixed.tensor
          trials.append(
            MixingTrial(
              mixing: mixing, scores: try scores(predictions(from: answer, task: task.kind), on: data, task: task),
              loss: try Self.loss(answer, data)))
        }
      }
    }
    return trials
  }

  /// Returns the trial with the smallest loss, or `nil` if there are no trials.
  ///
  /// On a few hundred held-out examples, a score changes in steps as large as the differences that matter, and the best of many
  /// settings is the luckiest. The loss changes smoothly.
  package static func best(of trials: [MixingTrial]) -> MixingTrial? { trials.min { $0.loss < $1.loss } }

  private static func loss(_ outputs: Tensor, _ data: EncodedDataset) throws -> Double {
    let answers = Matrix(outputs)
    let losses = try data.everyTarget().enumerated().map { row, target in
      let answer = answers.row(row)
      switch target {
      case .label(let label): return -log(max(Double(answer[answer.startIndex + label]), 1e-12))
      case .score(let score): return pow(Double(answer[answer.startIndex] - score), 2)
      }
    }
    return losses.reduce(0, +) / Double(max(losses.count, 1))
  }
}
