import DistillCore
import DistillTraining
import Foundation

/// One combination of K, β and τ and what it scored.
public struct MixingTrial: Sendable, Codable {
  public let mixing: Mixing
  public let scores: [Score]
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
          let answer = predictions(from: Tensor(mixed, outputs.shape), task: task.kind)
          trials.append(
            MixingTrial(
              mixing: Mixing(neighbours: neighbours, beta: beta, temperature: temperature),
              scores: try scores(answer, on: data, task: task)))
        }
      }
    }
    return trials
  }

  /// The middle of the best trials: several often score the same, and a value between others is less of an accident than one
  /// at the edge. Order: score, then closeness of β to the mean β of the best, then small K.
  public static func best(of trials: [MixingTrial]) -> MixingTrial? {
    func value(_ trial: MixingTrial) -> Double { trial.scores.first?.value ?? 0 }
    guard let top = trials.map(value).max() else { return nil }
    let best = trials.filter { value($0) == top }
    let centre = best.reduce(0) { $0 + $1.mixing.beta } / Float(best.count)
    return best.min {
      let (a, b) = (abs($0.mixing.beta - centre), abs($1.mixing.beta - centre))
      return a == b ? $0.mixing.neighbours < $1.mixing.neighbours : a < b
    }
  }
}
