import DistillCore

/// Returns an encoder's activations for a whole dataset, in the order of the dataset.
///
/// - Parameters:
///   - encoder: The encoder.
///   - data: The dataset, which must not be empty.
///   - activations: The activations to return.
///   - batchSize: The number of sequences that are computed at once.
///   - progress: Called with the number of finished sequences after each batch. An error that it throws ends the work.
/// - Throws: `ContractError` if the dataset is empty, and the errors of the encoder.
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

/// Returns the softmax of logits [B, C], their sigmoid where several labels can apply, or for regression the scores [B, 1] as they are.
public func probabilities(from logits: Tensor, task: TaskKind) -> Tensor {
  switch task {
  case .classification: softmax(logits)
  case .multilabel: sigmoid(logits)
  case .regression: logits
  }
}

/// Returns the label with the largest output in each row of [B, C], all labels whose output is at least a threshold where several can
/// apply, or for regression the score from [B, 1].
public func predictions(from outputs: Tensor, task: TaskKind, threshold: Float = 0.5) -> [Target] {
  switch task {
  case .classification: outputs.rowArgmax().map { .label($0) }
  case .multilabel:
    Matrix(outputs).labels(threshold)
  case .regression: outputs.values.map { .score($0) }
  }
}

extension Matrix {
  /// Returns the columns of each row that are at least a threshold.
  fileprivate func labels(_ threshold: Float) -> [Target] {
    (0..<rows).map { row in
      let outputs = Array(self.row(row))
      return .labels(outputs.indices.filter { outputs[$0] >= threshold })
    }
  }
}

/// Returns the metrics of the task. The first one selects the best epoch.
///
/// - Throws: `ContractError` if the data has no targets.
public func scores(_ predictions: [Target], on data: EncodedDataset, task: TaskDefinition) throws -> [Score] {
  let targets = try data.everyTarget()
  return task.metrics.map { Score(metric: $0.rawValue, value: $0.value(predictions: predictions, targets: targets)) }
}
