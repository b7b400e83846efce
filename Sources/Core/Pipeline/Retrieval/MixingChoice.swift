import DistillCore
import DistillTraining
import Foundation

/// One combination of K, β and τ and its scores.
package struct MixingTrial: Sendable, Encodable {
  package let mixing: Mixing
  package let scores: [Score]
  /// The mean of −ln of the right label's probability, or of the squared error for regression.
  package let loss: Double
  /// The same in rehearsals, in which a fifth of the labels is hidden from the student and known by five keys each. `nil` with fewer
  /// than ten labels, and for a mixing that is not adaptive.
  package let rehearsalLoss: Double?
  /// The losses of the texts, whose mean is `loss`.
  private let losses: [Double]

  private enum CodingKeys: CodingKey { case mixing, scores, loss, rehearsalLoss }

  package init(mixing: Mixing, scores: [Score], losses: [Double], rehearsalLoss: Double?) {
    (self.mixing, self.scores, self.losses, self.rehearsalLoss) = (mixing, scores, losses, rehearsalLoss)
    loss = losses.reduce(0, +) / Double(max(losses.count, 1))
  }

  fileprivate func excess(over other: MixingTrial) -> LossDifference { LossDifference(losses, other.losses) }
}

/// By how much the mean of some losses exceeds that of others on the same texts.
struct LossDifference {
  let mean: Double
  /// The standard error over the texts, of which one alone tells nothing.
  let error: Double

  init(_ losses: [Double], _ others: [Double]) {
    let differences = zip(losses, others).map { $0 - $1 }
    let count = Double(differences.count)
    let mean = differences.reduce(0, +) / max(count, 1)
    self.mean = mean
    error =
      count > 1 ? (differences.reduce(0) { $0 + pow($1 - mean, 2) } / (count - 1) / count).squareRoot() : .infinity
  }

  /// Whether the difference is more than two standard errors, so that it is hardly chance.
  var isClear: Bool { mean > 0 && mean >= 2 * error }
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
  ///   - unknown: Labels of the task that whoever gave the outputs has never heard of.
  /// - Throws: `ContractError` if the dataset has no targets.
  package func trials(
    _ grid: MixingGrid, embeddings: Tensor, outputs: Tensor, data: EncodedDataset, task: TaskDefinition,
    unknown: Set<Int> = []
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
          let answer = mixed(student, known, mixing, hiding: unknown)
          let losses = try rehearsed.flatMap { try Self.losses(mixed(student, $0, mixing, hiding: $1), data) }
          trials.append(
            MixingTrial(
              mixing: mixing,
              scores: try scores(predictions(from: answer.tensor, task: task.kind), on: data, task: task),
              losses: try Self.losses(answer, data),
              rehearsalLoss: losses.isEmpty ? nil : losses.reduce(0, +) / Double(losses.count)))
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

  /// Returns the best trial, or `nil` if there are no trials.
  ///
  /// K and τ are those of the trial with the smallest sum of both losses, so that they suit labels that are taught later, too. β concerns
  /// labels that the student knows, and is chosen by their loss alone: the largest β whose loss exceeds the least by no more than one
  /// standard error (the rule of Breiman et al. 1984 for the simplest of equally good trees). If it does not have less loss than β = 1 by two
  /// standard errors, the choice is β = 1, because K and τ are the luckiest of many. Without β = 1 among the trials, neighbours always answer.
  ///
  /// On a few hundred held-out examples, a score changes in steps as large as the differences that matter. The loss changes smoothly.
  package static func best(of trials: [MixingTrial]) -> MixingTrial? { choice(among: trials)?.trial }

  /// Returns the same trial, and by how much the loss of the student alone exceeds that of the best share for the neighbours, if both were tried.
  static func choice(among trials: [MixingTrial]) -> (trial: MixingTrial, gain: LossDifference?)? {
    guard let best = trials.min(by: { $0.loss + ($0.rehearsalLoss ?? 0) < $1.loss + ($1.rehearsalLoss ?? 0) }) else {
      return nil
    }
    let alike = trials.filter {
      ($0.mixing.neighbours, $0.mixing.temperature) == (best.mixing.neighbours, best.mixing.temperature)
    }
    guard let least = alike.min(by: { $0.loss < $1.loss }) else { return nil }
    let chosen = alike.filter { trial in
      let excess = trial.excess(over: least)
      return excess.mean <= excess.error
    }.max { $0.mixing.beta < $1.mixing.beta }
    guard let chosen else { return nil }
    guard let alone = alike.first(where: { $0.mixing.beta == 1 }) else { return (chosen, nil) }
    let gain = alone.excess(over: chosen)
    return (gain.isClear ? chosen : alone, gain)
  }

  /// Returns −ln of the right label's probability for each row of answers [B, C], or the squared error for regression.
  static func losses(_ answers: Matrix, _ data: EncodedDataset) throws -> [Double] {
    try data.everyTarget().enumerated().map { row, target in
      let answer = answers.row(row)
      switch target {
      case .label(let label): return -log(max(Double(answer[answer.startIndex + label]), 1e-12))
      case .labels:
        return zip(answer, target.row(answer.count)).reduce(0) {
          $0 - log(max(Double($1.1 == 1 ? $1.0 : 1 - $1.0), 1e-12))
        }
      case .score(let score): return pow(Double(answer[answer.startIndex] - score), 2)
      }
    }
  }
}
