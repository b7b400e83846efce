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

  /// Returns the trial with the best score, or `nil` if there are no trials.
  ///
  /// A trial's score is averaged with those of the two neighbouring values of β, because on a few hundred held-out examples a
  /// single score changes in steps as large as the differences that matter. The smaller loss decides between equal scores.
  package static func best(of trials: [MixingTrial]) -> MixingTrial? {
    let betas = Set(trials.map(\.mixing.beta)).sorted()
    func smoothed(_ trial: MixingTrial) -> Double {
      guard let place = betas.firstIndex(of: trial.mixing.beta) else { return 0 }
      let near = betas[max(place - 1, 0)...min(place + 1, betas.count - 1)]
      let scores = trials.filter {
        near.contains($0.mixing.beta) && $0.mixing.neighbours == trial.mixing.neighbours
          && $0.mixing.temperature == trial.mixing.temperature
      }.map { $0.scores.first?.value ?? 0 }
      return scores.reduce(0, +) / Double(max(scores.count, 1))
    }
    return trials.map { ($0, smoothed($0)) }.min { ($1.1, $0.0.loss) < ($0.1, $1.0.loss) }?.0
  }

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
