import DistillCore
import DistillTraining

extension FinishedRun {
  /// A text that is worth labelling.
  public struct Suggestion: Sendable {
    public let example: Example
    /// (1 − s) + ½ (1 − d), where s is the similarity to the nearest of all keys and of the texts that were picked before, and d the
    /// difference between the two largest probabilities of the present answer.
    public let worth: Float
    /// The present answer, or `nil` for regression.
    public let label: String?
  }

  /// Picks the texts that are most worth labelling, the most worth first.
  ///
  /// A picked text counts as known from then on, as in the farthest-first traversal of core-sets (Gonzalez 1985; Sener and Savarese
  /// 2018). That a disputed answer counts half as much as a distance is ours.
  ///
  /// - Throws: `ContractError` if the run has no knowledge base.
  public func suggest(_ examples: [Example], count: Int) throws -> [Suggestion] {
    guard let augmentation else { throw ContractError("the run has no knowledge base") }
    if examples.isEmpty { return [] }
    let data = EncodedDataset(examples, with: student.tokenizer, maximumLength: options.task.maximumLength)
    let response = try answers(of: reader, to: data, with: [.logits, .embedding])
    let found = try augmentation.answers(response, task: task.kind)
    let keys = try response[.embedding].l2Normalised()
    var nearest = found.neighbours.map { $0.first?.similarity ?? -1 }
    let dispute = (0..<examples.count).map { row -> Float in
      let best = found.mixed.row(row).sorted(by: >).prefix(2)
      return switch task.kind {
      case .classification: 1 - (best[0] - (best.count > 1 ? best[1] : 0))
      case .multilabel: found.mixed.row(row).map { 1 - abs(2 * $0 - 1) }.max() ?? 0
      case .regression: 0
      }
    }
    let labels = predictions(from: found.mixed.tensor, task: task.kind)
    var left = Set(examples.indices)
    var picked: [Suggestion] = []
    func worth(_ row: Int) -> Float { 1 - nearest[row] + dispute[row] / 2 }
    while picked.count < count, let best = left.max(by: { (worth($0), $1) < (worth($1), $0) }) {
      left.remove(best)
      let label = labels[best].named(task.kind)
      picked.append(Suggestion(example: examples[best], worth: worth(best), label: label))
      let query = Tensor(Array(Matrix(keys).row(best)), [1, keys.shape[1]])
      let similarities = matmul(keys, query, transposeB: true).values
      for row in left { nearest[row] = max(nearest[row], similarities[row]) }
    }
    return picked
  }
}
