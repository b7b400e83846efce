import DistillCore

/// An encoder's answers to a whole dataset, in its order.
///
/// - `progress`: is told how many sequences are done; what it throws ends the work.
public func answers(
  of encoder: any TextEncoder, to data: EncodedDataset, with activations: Set<Activation>, batchSize: Int = 64,
  progress: (Int) throws -> Void = { _ in }
) throws -> Response {
  guard data.count > 0 else { throw ContractError("there is nothing to answer: the dataset is empty") }
  return Response.concatenated(
    try stride(from: 0, to: data.count, by: batchSize).map { start in
      let end = min(start + batchSize, data.count)
      let response = try encoder.respond(to: data.batch(start..<end), with: activations)
      try progress(end)
      return response
    })
}

/// softmax of logits [B, C], or the scores [B, 1] as they are for regression.
public func probabilities(from logits: Tensor, task: TaskKind) -> Tensor {
  if case .regression = task { logits } else { softmax(logits) }
}

/// The label with the largest probability, or the score: from [B, C] or [B, 1].
public func predictions(from outputs: Tensor, task: TaskKind) -> [Target] {
  if case .regression = task { outputs.values.map { .score($0) } } else { outputs.rowArgmax().map { .label($0) } }
}

/// The task's metrics, the one that selects first.
public func scores(_ predictions: [Target], on data: EncodedDataset, task: TaskDefinition) throws -> [Score] {
  guard let targets = data.targets else { throw ContractError("the data has no labels to compare with") }
  return task.metrics.map { Score(metric: $0.rawValue, value: $0.value(predictions: predictions, targets: targets)) }
}
