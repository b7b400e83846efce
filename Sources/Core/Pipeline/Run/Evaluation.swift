import DistillCore
import DistillTraining

/// An evaluation of teacher, student, and student with knowledge base on labelled texts.
package struct Evaluation {
  package let task: TaskDefinition
  package let maximumLength: Int
  let observe: (TrainingEvent) -> Void

  package init(task: TaskDefinition, maximumLength: Int, observe: @escaping (TrainingEvent) -> Void = { _ in }) {
    (self.task, self.maximumLength, self.observe) = (task, maximumLength, observe)
  }

  /// Returns the report on labelled texts, with a row for each way of answering and the agreement of the matched layers.
  ///
  /// - `layerMap`: The layers to compare. If the map does not fit the models, none are compared.
  package func report(
    _ name: String, on examples: [Example], teacher: (any TextEncoder)?, student: any TextEncoder,
    augmentation: RetrievalAugmentation?, layerMap: LayerMap
  ) throws -> Report {
    let pairs = teacher.map { layerMap.pairs(student: student.card.layers, teacher: $0.card.layers) } ?? []
    return Report(
      name: name, rows: try rows(examples, teacher: teacher, student: student, augmentation: augmentation),
      mixing: augmentation?.mixing, knowledgeBaseSize: augmentation?.knowledge.count,
      layers: try teacher.map { try agreement(on: examples, teacher: $0, student: student, layerMap: pairs) } ?? [])
  }

  func rows(
    _ examples: [Example], teacher: (any TextEncoder)?, student: any TextEncoder, augmentation: RetrievalAugmentation?
  ) throws -> [EvaluationRow] {
    var rows: [EvaluationRow] = []
    if let teacher {
      rows.append(
        try row("teacher", teacher, examples, [.logits]) { probabilities(from: try $0[.logits], task: task.kind) })
    }
    rows.append(
      try row("student", student, examples, [.logits]) { probabilities(from: try $0[.logits], task: task.kind) })
    if let augmentation {
      rows.append(
        try row("student + knowledge base", student, examples, [.logits, .embedding]) { response in
          let own = probabilities(from: try response[.logits], task: task.kind)
          let found = try augmentation.neighbours(of: try response[.embedding])
          return augmentation.answers(student: Matrix(own), neighbours: found).mixed.tensor
        })
    }
    return rows
  }

  private func row(
    _ name: String, _ encoder: any TextEncoder, _ examples: [Example], _ activations: Set<Activation>,
    _ outputs: (Response) throws -> Tensor
  ) throws -> EvaluationRow {
    let data = EncodedDataset(examples, with: encoder.tokenizer, maximumLength: maximumLength)
    let start = ContinuousClock.now
    let response = try answers(of: encoder, to: data, with: activations) {
      observe(.progress(what: "evaluation: \(name)", done: $0, total: data.count))
    }
    let predicted = predictions(from: try outputs(response), task: task.kind)
    let seconds = start.duration(to: .now) / .seconds(1)
    return EvaluationRow(
      name: name, scores: try scores(predicted, on: data, task: task), parameters: encoder.card.parameters,
      speed: Double(data.count) / seconds)
  }
}
