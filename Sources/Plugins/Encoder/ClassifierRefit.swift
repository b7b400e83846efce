import DistillCore
import Foundation

/// A classifier that is fitted anew to the embeddings of a finished training.
///
/// A classifier learns at the rate of its encoder, while the embeddings below it change. A regression with a penalty, fitted when they have
/// stopped, reads those of some teachers better (Docs/Results.md).
struct ClassifierRefit {
  static let summary =
    "After the training, fit the classifier anew, as a regression of the labels on the embeddings. The texts "
    + "that select the epoch, if there are any, choose between both; without them it stays as trained where texts have no labels."

  /// The new classifier, or `nil` if the trained one stays.
  let map: LinearMap?
  /// What was done.
  let description: String

  /// Fits a classifier in the place of a trained one.
  init(
    _ trained: LinearMap, of model: TransformerEncoder, _ data: TaskData, task: TaskKind,
    progress: (_ done: Int, _ total: Int) throws -> Void
  ) throws {
    let selection = data.validation.flatMap { $0.targets.contains { $0 != nil } ? $0 : nil }
    let labelled = data.training.targets.count { $0 != nil }
    let obstacle: String? =
      if labelled == 0 {
        "no text has a label"
      } else if selection == nil, labelled < data.training.count {
        "it learnt from texts without labels as well, and no texts select an epoch that could compare both"
      } else {
        model.untrained.contains(.embedding) ? "nothing has trained the embeddings" : nil
      }
    if let obstacle {
      (map, description) = (nil, "the trained classifier stays: \(obstacle)")
      return
    }
    let refit = try LinearProbe.refit(
      model.examples(data.training, progress: progress), of: trained, task: task,
      choosingOn: selection.map { try model.examples($0) })
    map = refit.map
    description =
      (refit.map == nil ? "the trained classifier stays" : "the classifier was fitted anew")
      + (refit.losses.map { String(format: ": a loss of %.3f as trained, of %.3f fitted anew", $0.trained, $0.fitted) }
        ?? "")
  }
}

extension TransformerEncoder {
  /// Returns the embeddings of the texts that have an answer, and the answers.
  func examples(
    _ data: EncodedDataset, progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> LinearProbe.Examples {
    let rows = data.targets.indices.filter { data.targets[$0] != nil }
    let embeddings = try stride(from: 0, to: rows.count, by: 64).map { start in
      let end = min(start + 64, rows.count)
      let embeddings = try respond(to: data.batch(rows[start..<end]), with: [.embedding])[.embedding]
      try progress(end, rows.count)
      return embeddings
    }
    return (
      Matrix(concatenatedRows(embeddings)), rows.compactMap { data.targets[$0] }, rows.map { data.weights[$0] }
    )
  }
}
