import DistillCore
import DistillTraining
import Foundation

/// One combination of K, β and τ and its scores.
package struct MixingTrial: Sendable, Codable {
  package let mixing: Mixing
  package let scores: [Score]
  /// The mean of −ln of the right label's probability, or of the squared error for regression. With ten labels or more, half of it is that
  /// of rehearsals in which a fifth of the labels is hidden from the student and known by five keys each, so that the choice suits labels
  /// that are taught later, too.
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
    let student = Matrix(outputs)
    let most = grid.neighbours.max() ?? 1
    let found = try neighbours(of: embeddings, count: most)
    let rehearsals = try hiddenClasses(task.kind).map { hidden in
      let few = RetrievalAugmentation(
        knowledge.leaving(Self.keysOfHiddenClass, of: hidden), retriever: retriever, mixing: mixing)
      return (few, hidden, try few.neighbours(of: embeddings, count: most))
    }
    var trials: [MixingTrial] = []
    for neighbours in grid.neighbours {
      for temperature in grid.temperature {
        var mixing = mixing
        (mixing.neighbours, mixing.temperature) = (neighbours, temperature)
        let known = retrieved(found, mixing)
        let rehearsed = rehearsals.map { few, hidden, found in (few.retrieved(found, mixing), hidden) }
        for beta in grid.beta {
          mixing.beta = beta
          let answer = mixed(student, known, mixing)
          let losses = try rehearsed.map { try Self.loss(mixed(student, $0, mixing, hiding: $1), data) }
          let loss = try Self.loss(answer, data)
          trials.append(
            MixingTrial(
              mixing: mixing,
              scores: try scores(predictions(from: answer.tensor, task: task.kind), on: data, task: task),
              loss: losses.isEmpty ? loss : (loss + losses.reduce(0, +) / Double(losses.count)) / 2))
        }
      }
    }
    return trials
  }

  /// The number of keys that are left of a hidden class.
  private static let keysOfHiddenClass = 5

  /// Returns the groups of labels that are hidden from the student in turn, to rehearse what happens when labels are taught later: every
  /// fifth one. With fewer than ten labels too few are left, and nothing is hidden. A mixing that is not adaptive has no use for it.
  private func hiddenClasses(_ task: TaskKind) -> [Set<Int>] {
    guard mixing.isAdaptive, case .classification(let labels) = task, labels.count >= 10 else { return [] }
    return (0..<5).map { first in Set(stride(from: first, to: labels.count, by: 5)) }
  }

  /// Returns the trial with the smallest loss, or `nil` if there are no trials.
  ///
  /// On a few hundred held-out examples, a score changes in steps as large as the differences that matter, and the best of many
  /// settings is the luckiest. The loss changes smoothly.
  package static func best(of trials: [MixingTrial]) -> MixingTrial? { trials.min { $0.loss < $1.loss } }

  private static func loss(_ answers: Matrix, _ data: EncodedDataset) throws -> Double {
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
