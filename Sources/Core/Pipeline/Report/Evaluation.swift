import DistillCore
import DistillTraining

/// An evaluation of several ways of answering on labelled texts.
package struct Evaluation {
  package let task: TaskDefinition
  package let maximumLength: Int
  let observe: (TrainingEvent) -> Void
  /// The key of the bootstrap. All rows draw the same texts, so that their intervals can be compared.
  private let key = RandomKey(0).child("bootstrap")

  package init(task: TaskDefinition, maximumLength: Int, observe: @escaping (TrainingEvent) -> Void = { _ in }) {
    (self.task, self.maximumLength, self.observe) = (task, maximumLength, observe)
  }

  /// Returns the report on labelled texts, with a row for each way of answering and the agreement of the matched layers.
  ///
  /// - `baselines`: What else gets a row.
  /// - `layerMap`: The layers to compare. If the map does not fit the models, none are compared.
  /// - `selection`: A sentence about what was chosen on these same texts.
  package func report(
    _ name: String, on examples: [Example], teacher: (any TextEncoder)?, student: any TextEncoder,
    augmentation: RetrievalAugmentation?, baselines: Baselines = Baselines(), layerMap: LayerMap,
    selection: String? = nil
  ) throws -> Report {
    let pairs = teacher.map { layerMap.pairs(student: student.card.layers, teacher: $0.card.layers) } ?? []
    let (rows, answers) = try rows(
      examples, teacher: teacher, student: student, augmentation: augmentation, baselines: baselines)
    return Report(
      name: name, rows: rows,
      count: examples.count, selection: selection, mixing: augmentation?.mixing,
      knowledgeBaseSize: augmentation?.knowledge.count,
      retrieval: try augmentation.flatMap { try diagnosis(of: $0, student, on: examples) },
      layers: try teacher.map { try agreement(on: examples, teacher: $0, student: student, layerMap: pairs) } ?? [],
      answers: answers)
  }

  /// Returns a way of answering with an encoder's own classifier.
  func answerer(_ name: String, _ encoder: any TextEncoder) -> Answerer {
    Answerer(name, encoder, maximumLength: maximumLength, [.logits]) {
      probabilities(from: try $0[.logits], task: task.kind)
    }
  }

  private func rows(
    _ examples: [Example], teacher: (any TextEncoder)?, student: any TextEncoder, augmentation: RetrievalAugmentation?,
    baselines: Baselines
  ) throws -> ([EvaluationRow], RecordedAnswers) {
    let own = answerer("student", student)
    var answerers = [teacher.map { answerer("teacher", $0) }, own].compactMap { $0 }
    if let augmentation {
      answerers.append(
        Answerer("student + knowledge base", student, maximumLength: maximumLength, [.logits, .embedding]) {
          let own = probabilities(from: try $0[.logits], task: task.kind)
          let found = try augmentation.neighbours(of: try $0[.embedding])
          return augmentation.answers(student: Matrix(own), neighbours: found).mixed.tensor
        })
    }
    answerers += baselines.answerers
    let targets = examples.compactMap(\.target)
    guard targets.count == examples.count else { throw ContractError("the data has no labels to compare with") }
    var outcomes = try answerers.map { try outcome(of: $0, on: examples) }
    if let constant = baselines.constant {
      outcomes.append(
        Outcome(
          name: constant.name, predictions: targets.map { _ in constant.answer }, parameters: 0, speed: nil))
    }
    let reference = outcomes.first { $0.name == own.name }
    return (
      outcomes.map { row($0, targets, reference: reference) },
      RecordedAnswers(task, targets: targets, rows: outcomes.map { ($0.name, $0.predictions) })
    )
  }

  /// What one way of answering predicts, and its cost.
  private struct Outcome {
    let name: String
    let predictions: [Target]
    let parameters: Int?
    let speed: Double?
  }

  private func outcome(of answerer: Answerer, on examples: [Example]) throws -> Outcome {
    let start = ContinuousClock.now
    let outputs = try answerer.answers(to: answerer.encode(examples)) {
      observe(.progress(what: "evaluation: \(answerer.name)", done: $0, total: examples.count))
    }
    let seconds = start.duration(to: .now) / .seconds(1)
    return Outcome(
      name: answerer.name, predictions: predictions(from: outputs, task: task.kind), parameters: answerer.parameters,
      speed: try answerer.speed(on: examples, secondsPerText: seconds / Double(examples.count)))
  }

  private func row(_ outcome: Outcome, _ targets: [Target], reference: Outcome?) -> EvaluationRow {
    EvaluationRow(
      name: outcome.name,
      scores: task.metrics.map {
        Score(metric: $0.rawValue, value: $0.value(predictions: outcome.predictions, targets: targets))
      },
      interval: task.metrics[0].interval(of: outcome.predictions, targets: targets, key: key),
      comparison: reference.flatMap {
        $0.name == outcome.name
          ? nil
          : RowComparison(outcome.predictions, against: $0.predictions, targets: targets, task: task, key: key)
      },
      parameters: outcome.parameters, speed: outcome.speed)
  }

  private func diagnosis(
    of augmentation: RetrievalAugmentation, _ student: any TextEncoder, on examples: [Example]
  ) throws -> RetrievalDiagnosis? {
    // What is within and between classes has no meaning for scores.
    guard case .classification = task.kind else { return nil }
    let data = EncodedDataset(examples, with: student.tokenizer, maximumLength: maximumLength)
    let response = try answers(of: student, to: data, with: [.logits, .embedding]) {
      observe(.progress(what: "evaluation: retrieval", done: $0, total: data.count))
    }
    let own = Matrix(softmax(try response[.logits]))
    let found = try augmentation.neighbours(of: try response[.embedding])
    let knowledge = augmentation.knowledge
    return RetrievalDiagnosis(
      keys: knowledge.embeddings.gathered(knowledge.nodes),
      classes: knowledge.softLabels.gathered(knowledge.nodes).tensor.rowArgmax(),
      queries: Matrix(try response[.embedding].l2Normalised()), student: own,
      retrieved: augmentation.answers(student: own, neighbours: found).retrieved,
      targets: data.targets.compactMap { $0?.label },
      mapCosine: (student as? MappedEncoder).map { Double($0.map.cosine) })
  }
}
