import DistillCore
import DistillKnowledge
import DistillTraining

/// An evaluation of several ways of answering on labelled texts.
package struct Evaluation {
  package let task: TaskDefinition
  /// The number of labels that the student knows, and that of all that it or the knowledge base knows. Behind them, the task may have
  /// labels that nobody has taught.
  private let knownLabels, taughtLabels: Int
  package let maximumLength: Int
  let observe: (TrainingEvent) -> Void
  /// The key of the bootstrap. All rows draw the same texts, so that their intervals can be compared.
  private let key = RandomKey(0).child("bootstrap")

  package init(
    task: TaskDefinition, knownLabels: Int? = nil, taughtLabels: Int? = nil, maximumLength: Int,
    observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) {
    (self.task, self.maximumLength, self.observe) = (task, maximumLength, observe)
    self.knownLabels = knownLabels ?? task.kind.outputs
    self.taughtLabels = taughtLabels ?? task.kind.outputs
  }

  /// Returns the report on labelled texts, with a row for each way of answering and the agreement of the matched layers.
  ///
  /// - `baselines`: What else gets a row.
  /// - `layerMap`: The layers to compare. If the map does not fit the models, none are compared.
  /// - `describe`: Returns what is known of an entry of the knowledge base by its number.
  /// - `unknownBeyond`: The novelty beyond which a text counts as unknown.
  /// - `selection`: A sentence about what was chosen on these same texts.
  package func report(
    _ name: String, on examples: [Example], teacher: (any TextEncoder)?, student: any TextEncoder,
    augmentation: RetrievalAugmentation?, baselines: Baselines = Baselines(), layerMap: LayerMap,
    describe: @escaping (Int) -> KnowledgeEntry? = { _ in nil }, unknownBeyond: Float? = nil, selection: String? = nil
  ) throws -> Report {
    let pairs = teacher.map { layerMap.pairs(student: student.card.layers, teacher: $0.card.layers) } ?? []
    let targets = examples.compactMap(\.target)
    guard targets.count == examples.count else { throw ContractError("the data has no labels to compare with") }
    let outcomes = try outcomes(
      examples, targets, teacher: teacher, student: student, augmentation: augmentation, baselines: baselines)
    let answers = RecordedAnswers(task, targets: targets, rows: outcomes.map { ($0.name, $0.predictions) })
    let reference = outcomes.first { $0.name == Self.studentRow }
    let findings = try augmentation.map { try diagnosis(of: $0, student, on: examples, unknownBeyond) }
    let (retrieval, novelty) = (findings?.retrieval, findings?.novelty)
    let shown = try details(outcomes, examples, augmentation, found: findings?.found ?? [], describe)
    return Report(
      name: name, rows: outcomes.map { row($0, targets, reference: reference) }, count: examples.count,
      selection: selection, mixing: augmentation?.mixing,
      knowledgeBaseSize: augmentation?.knowledge.count, search: augmentation?.retriever.summary, retrieval: retrieval,
      labels: LabelGroups(answers, knownLabels: knownLabels, taughtLabels: taughtLabels), novelty: novelty,
      layers: try teacher.map { try agreement(on: examples, teacher: $0, student: student, layerMap: pairs) } ?? [],
      findings: shown, answers: answers)
  }

  private static let (studentRow, shippedRow) = ("student", "student + knowledge base")

  /// Returns a way of answering with an encoder's own classifier.
  func answerer(_ name: String, _ encoder: any TextEncoder) -> Answerer {
    Answerer(name, encoder, maximumLength: maximumLength, [.logits]) {
      probabilities(from: try $0[.logits], task: task.kind)
    }
  }

  private func outcomes(
    _ examples: [Example], _ targets: [Target], teacher: (any TextEncoder)?, student: any TextEncoder,
    augmentation: RetrievalAugmentation?, baselines: Baselines
  ) throws -> [Outcome] {
    let own = answerer(Self.studentRow, student)
    var answerers = [teacher.map { answerer("teacher", $0) }, own].compactMap { $0 }
    if var augmentation {
      func add(_ name: String, _ answer: @escaping (RetrievalAugmentation.Answers) -> Matrix) {
        let augmentation = augmentation
        answerers.append(
          Answerer(name, student, maximumLength: maximumLength, [.logits, .embedding]) {
            answer(try augmentation.answers($0, task: task.kind)).tensor
          })
      }
      let readout = augmentation.readout
      augmentation.readout = nil
      add(Self.shippedRow, \.mixed)
      if readout != nil {
        augmentation.readout = readout
        add("readout", \.own)
        add("readout + knowledge base", \.mixed)
      }
    }
    answerers += baselines.answerers
    var outcomes = try answerers.map { try outcome(of: $0, on: examples) }
    if let constant = baselines.constant {
      outcomes.append(
        Outcome(
          name: constant.name, predictions: targets.map { _ in constant.answer }, parameters: 0, speed: nil,
          outputs: nil))
    }
    return outcomes
  }
  /// What one way of answering predicts, and its cost.
  private struct Outcome {
    let name: String
    let predictions: [Target]
    let parameters: Int?
    let speed: Double?
    /// The probabilities or scores [M, C]. `nil` if no text is read.
    let outputs: Matrix?
  }

  private func outcome(of answerer: Answerer, on examples: [Example]) throws -> Outcome {
    let start = ContinuousClock.now
    let outputs = try answerer.answers(to: answerer.encode(examples)) {
      observe(.progress(what: "evaluation: \(answerer.name)", done: $0, total: examples.count))
    }
    let seconds = start.duration(to: .now) / .seconds(1)
    return Outcome(
      name: answerer.name, predictions: predictions(from: outputs, task: task.kind), parameters: answerer.parameters,
      speed: try answerer.speed(on: examples, secondsPerText: seconds / Double(examples.count)),
      outputs: Matrix(outputs))
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

  /// Returns what explains the gain of retrieval, and how well novelty tells what nobody has taught.
  private func diagnosis(
    of augmentation: RetrievalAugmentation, _ student: any TextEncoder, on examples: [Example], _ threshold: Float?
  ) throws -> (retrieval: RetrievalDiagnosis?, novelty: NoveltyDiagnosis?, found: [[Neighbour]]) {
    // What is within and between classes has no meaning for scores.
    guard case .classification = task.kind else { return (nil, nil, []) }
    var augmentation = augmentation
    augmentation.readout = nil
    let data = EncodedDataset(examples, with: student.tokenizer, maximumLength: maximumLength)
    let response = try answers(of: student, to: data, with: [.logits, .embedding]) {
      observe(.progress(what: "evaluation: retrieval", done: $0, total: data.count))
    }
    let found = try augmentation.answers(
      response, task: task.kind, neighbours: RetrievalAugmentation.neighboursForNovelty)
    let knowledge = augmentation.knowledge
    let targets = data.targets.compactMap { $0?.label }
    let novelty = NoveltyDiagnosis(
      novelty: found.neighbours.map(augmentation.novelty),
      probability: (0..<found.own.rows).map { found.own.row($0).max() ?? 0 },
      isUntaught: targets.map { $0 >= taughtLabels }, threshold: threshold)
    let retrieval = RetrievalDiagnosis(
      keys: knowledge.embeddings.gathered(knowledge.nodes),
      classes: knowledge.nodes.map { knowledge.classes[$0] },
      queries: Matrix(try response[.embedding].l2Normalised()), student: found.own, retrieved: found.retrieved,
      targets: targets, mapCosine: (student as? MappedEncoder).map { Double($0.map.cosine) })
    return (retrieval, novelty, found.neighbours)
  }

  /// Returns what the page shows of classes and texts.
  private func details(
    _ outcomes: [Outcome], _ examples: [Example], _ augmentation: RetrievalAugmentation?, found: [[Neighbour]],
    _ describe: @escaping (Int) -> KnowledgeEntry?
  ) throws -> Findings {
    guard case .classification(let names) = task.kind else { return Findings() }
    let targets = examples.compactMap { $0.target?.label }
    func outcome(_ name: String) -> TextChoice.Row? {
      outcomes.first { $0.name == name }.flatMap { outcome in outcome.outputs.map { (name, $0) } }
    }
    let (student, shipped) = (outcome(Self.studentRow), outcome(Self.shippedRow))
    let rows = [student, shipped].compactMap { $0 }
    func entry(_ node: Int) -> KnowledgeEntry? { augmentation.flatMap { describe($0.knowledge.rows[node]) } }
    let temperature = augmentation.flatMap { $0.mixing.studentTemperature == 1 ? nil : $0.mixing.studentTemperature }
    let choice = TextChoice(
      examples: examples, names: names, targets: targets, teacher: outcome("teacher"), student: student,
      shipped: shipped, found: found
    ) { node in (entry(node)?.text, entry(node)?.pair, entry(node)?.label) }
    return Findings(
      classes: rows.map {
        ClassBreakdown(row: $0.name, names: names, targets: targets, predictions: $0.probabilities.tensor.rowArgmax())
      },
      calibration: rows.map {
        ProbabilityCalibration(
          row: $0.name, probabilities: $0.probabilities, targets: targets,
          temperature: $0.name == Self.studentRow ? temperature : nil)
      },
      texts: choice.texts(),
      map: try augmentation.map {
        try KnowledgeMap(
          $0, names: names, found: found.map { Array($0.prefix(augmentation?.mixing.neighbours ?? 0)) }
        ) { node in (entry(node)?.text, entry(node)?.label, entry(node)?.source) }
      })
  }
}
