import DistillCore
import Foundation

/// The answer of the nearest neighbours among features of labelled texts: the mean of their targets, weighted by
/// softmax(cosine/τ).
struct NeighbourVote {
  /// K. Both values are ours.
  let neighbours = 8
  let temperature = 0.03
  private let keys: Tensor
  private let targets: [Target]
  private let outputs: Int

  init(_ keys: Matrix, _ targets: [Target], task: TaskKind) {
    (self.keys, self.targets, outputs) = (keys.tensor.l2Normalised(), targets, task.outputs)
  }

  /// Returns the weights of the classes [B, C], or the weighted means of the scores [B, 1], for features [B, F].
  func callAsFunction(_ features: Tensor) -> Tensor {
    let cosines = Matrix(matmul(features.l2Normalised(), keys, transposeB: true))
    var answers = [Float](repeating: 0, count: cosines.rows * outputs)
    for row in 0..<cosines.rows {
      let nearest = nearest(cosines.row(row))
      let weights = nearest.map { exp(Double($0.cosine - nearest[0].cosine) / temperature) }
      let total = weights.reduce(0, +)
      for (neighbour, weight) in zip(nearest, weights) {
        switch targets[neighbour.key] {
        case .label(let label): answers[row * outputs + label] += Float(weight / total)
        case .labels(let labels): for label in labels { answers[row * outputs + label] += Float(weight / total) }
        case .score(let score): answers[row * outputs] += Float(weight / total) * score
        }
      }
    }
    return Tensor(answers, [cosines.rows, outputs])
  }

  /// Returns the K largest cosines, the largest first, and of equal ones the first.
  private func nearest(_ cosines: ArraySlice<Float>) -> [(key: Int, cosine: Float)] {
    var found: [(key: Int, cosine: Float)] = []
    for (key, cosine) in cosines.enumerated() {
      if found.count == neighbours, let last = found.last, cosine <= last.cosine { continue }
      let place = found.firstIndex { $0.cosine < cosine } ?? found.count
      found.insert((key, cosine), at: place)
      if found.count > neighbours { found.removeLast() }
    }
    return found
  }
}
