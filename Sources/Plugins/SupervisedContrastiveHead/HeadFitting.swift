import DistillCore

/// The objective of the head: the supervised contrastive loss of a batch of embeddings.
///
/// The teacher under the head is frozen, so its embeddings are calculated only once.
final class HeadFitting: Objective {
  let parameters: [ParameterStore]
  private let embeddings: Tensor
  /// The classes of each example, [M].
  private let classes: [Set<Int>]
  private let temperature: Float

  /// Calculates the embeddings of all examples that have a label.
  ///
  /// - Throws: ``ContractError`` if the data has no labels, and any error of the teacher.
  init(_ head: ParameterStore, over base: any Teacher, data: EncodedDataset, options: SupervisedContrastiveHead) throws
  {
    let labelled = data.targets.indices.filter { data.targets[$0] != nil }
    guard !labelled.isEmpty else { throw ContractError("the training data has no labels to contrast") }
    parameters = [head]
    embeddings = concatenatedRows(  // [M, D_teacher]
      try stride(from: 0, to: labelled.count, by: 64).map { start in
        let batch = data.batch(labelled[start..<min(start + 64, labelled.count)])
        return try base.respond(to: batch, with: [.embedding])[.embedding]
      })
    classes = Self.classes(data.targets.compactMap(\.self), bins: options.regressionBins)
    temperature = options.temperature
  }

  /// Returns the classes of each target. Labels are classes, and scores are divided into `bins` intervals of equal width.
  private static func classes(_ targets: [Target], bins: Int) -> [Set<Int>] {
    let scores = targets.compactMap { if case .score(let score) = $0 { score } else { nil } }
    let (low, high) = (scores.min() ?? 0, scores.max() ?? 0)
    return targets.map {
      switch $0 {
      case .label(let label): [label]
      case .labels(let labels): Set(labels)
      case .score(let score): [high > low ? min(bins - 1, Int((score - low) / (high - low) * Float(bins))) : 0]
      }
    }
  }

  var exampleCount: Int { classes.count }

  func accumulateGradients(for step: Step) throws -> StepFigures {
    let rows = embeddings.gatheredRows(step.examples.map(Int32.init))
    let z = linear(rows, weight: parameters[0]["weight"].variable, bias: parameters[0]["bias"].variable)
    let loss = supervisedContrastiveLoss(z, classes: step.examples.map { classes[$0] }, temperature: temperature)
    loss?.backward()  // nil if no two examples of the batch have the same class
    let value = Double(loss?.scalar ?? 0)
    return StepFigures(loss: value, terms: [("supervised-contrastive", value)])
  }
}
