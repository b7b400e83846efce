import DistillCore

/// The head's objective: batches of frozen embeddings under the supervised contrastive loss.
final class HeadFitting: Objective {
  let parameters: [ParameterStore]
  private let embeddings: Tensor
  private let classes: [Int]
  private let temperature: Float

  /// The frozen teacher under the head is asked once for every example.
  /// - Throws: ``ContractError`` for data without labels.
  init(_ head: ParameterStore, over base: any Teacher, data: EncodedDataset, options: SupervisedContrastiveHead) throws
  {
    guard let targets = data.targets else { throw ContractError("the training data has no labels to contrast") }
    parameters = [head]
    embeddings = concatenatedRows(  // [M, D_teacher]
      try stride(from: 0, to: data.count, by: 64).map { start in
        try base.respond(to: data.batch(start..<min(start + 64, data.count)), with: [.embedding])[.embedding]
      })
    classes = Self.classes(targets, bins: options.regressionBins)
    temperature = options.temperature
  }

  /// Labels as they are; scores by the stretch of their range that they fall into.
  private static func classes(_ targets: [Target], bins: Int) -> [Int] {
    let scores = targets.compactMap { if case .score(let score) = $0 { score } else { nil } }
    let (low, high) = (scores.min() ?? 0, scores.max() ?? 0)
    return targets.map {
      switch $0 {
      case .label(let label): label
      case .score(let score): high > low ? min(bins - 1, Int((score - low) / (high - low) * Float(bins))) : 0
      }
    }
  }

  var exampleCount: Int { classes.count }

  func accumulateGradients(for step: Step) throws -> StepFigures {
    let rows = embeddings.gatheredRows(step.examples.map(Int32.init))
    let z = linear(rows, weight: parameters[0]["weight"].variable, bias: parameters[0]["bias"].variable)
    let loss = supervisedContrastiveLoss(z, classes: step.examples.map { classes[$0] }, temperature: temperature)
    loss?.backward()  // nil: every example of the batch is alone in its class, and there is nothing to learn from it
    let value = Double(loss?.scalar ?? 0)
    return StepFigures(loss: value, terms: [("supervised-contrastive", value)])
  }
}
