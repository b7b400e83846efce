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
  /// Texts on which the threshold of each row is chosen where several labels can apply, unless `thresholds` has it.
  private let heldOut: [Example]
  /// The thresholds of rows.
  private let thresholds: [String: Float]
  /// The temperature of the student's probabilities that was fitted on held-out texts, unless a knowledge base has one.
  private let temperature: Float?

  package init(
    task: TaskDefinition, knownLabels: Int? = nil, taughtLabels: Int? = nil, maximumLength: Int,
    heldOut: [Example] = [], thresholds: [String: Float] = [:], temperature: Float? = nil,
    observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) {
    (self.task, self.maximumLength, self.observe) = (task, maximumLength, observe)
    (self.heldOut, self.thresholds, self.temperature) = (heldOut, thresholds, temperature)
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
  /// - `remarks`: Sentences about the teacher, and about what answers. If the teacher cannot answer all texts, it has no row, and there is one more.
  package func report(
    _ name: String, on examples: [Example], teacher: (any TextEncoder)?, student: any TextEncoder,
    augmentation: RetrievalAugmentation?, baselines: Baselines = Baselines(), layerMap: LayerMap,
    describe: @escaping (Int) -> KnowledgeEntry? = { _ in nil }, unknownBeyond: Float? = nil, selection: String? = nil,
    remarks: [String] = []
  ) throws -> Report {
    var (teacher, remarks) = (teacher, remarks)
    let unanswered = examples.count { !((teacher as? any Teacher)?.canAnswer(PlainText($0)) ?? true) }
    if unanswered > 0 {
      remarks.append("the teacher has no row: it has no answer to \(unanswered) of these \(examples.count) texts")
      teacher = nil
    }
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
      remarks: remarks, findings: shown, answers: answers)
  }

  static let (studentRow, readoutRow) = ("student", "readout")
  static func withKnowledgeBase(_ row: String) -> String { row + " + knowledge base" }
  /// The rows that are not the student's alone.
  static let knowledgeBaseRows = [withKnowledgeBase(studentRow), readoutRow, withKnowledgeBase(readoutRow)]

  /// The row of what a run answers.
  private func shippedRow(_ augmentation: RetrievalAugmentation?) -> String {
    Self.withKnowledgeBase(augmentation?.readout == nil ? Self.studentRow : Self.readoutRow)
  }

  /// Returns a way of answering with an encoder's own classifier.
  func answerer(_ name: String, _ encoder: any TextEncoder) -> Answerer {
    Answerer(name, encoder, maximumLength: maximumLength, [.logits]) {
      probabilities(from: try $0[.logits], task: task.kind)
    }
  }

  private func answerers(
    teacher: (any TextEncoder)?, student: any TextEncoder, augmentation: RetrievalAugmentation?
  ) -> [Answerer] {
    let own = answerer(Self.studentRow, student)
    var row = teacher.map { answerer("teacher", $0) }
    if let teacher = teacher as? any Teacher { row?.canAnswer = { teacher.canAnswer(PlainText($0)) } }
    var answerers = [row, own].compactMap { $0 }
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
      add(Self.withKnowledgeBase(Self.studentRow), \.mixed)
      if readout != nil {
        augmentation.readout = readout
        add(Self.readoutRow, \.own)
        add(Self.withKnowledgeBase(Self.readoutRow), \.mixed)
      }
    }
    return answerers
  }

  private func outcomes(
    _ examples: [Example], _ targets: [Target], teacher: (any TextEncoder)?, student: any TextEncoder,
    augmentation: RetrievalAugmentation?, baselines: Baselines
  ) throws -> [Outcome] {
    let answerers = answerers(teacher: teacher, student: student, augmentation: augmentation) + baselines.answerers
    var outcomes = try answerers.map { try outcome(of: $0, on: examples) }
    if let constant = baselines.constant {
      outcomes.append(
        Outcome(
          name: constant.name, predictions: targets.map { _ in constant.answer }, parameters: 0, speed: nil,
          outputs: nil, threshold: nil))
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
    /// The probability from which on a label applies, where several can.
    let threshold: Float?
  }

  private func outcome(of answerer: Answerer, on examples: [Example]) throws -> Outcome {
    let start = ContinuousClock.now
    let outputs = try answerer.answers(to: answerer.encode(examples)) {
      observe(.progress(what: "evaluation: \(answerer.name)", done: $0, total: examples.count))
    }
    let seconds = start.duration(to: .now) / .seconds(1)
    let threshold = try threshold(of: answerer)
    return Outcome(
      name: answerer.name, predictions: predictions(from: outputs, task: task.kind, threshold: threshold ?? 0.5),
      parameters: answerer.parameters,
      // What is looked up has no parameters, and its speed says nothing.
      speed: answerer.parameters == 0
        ? nil : try answerer.speed(on: examples, secondsPerText: seconds / Double(examples.count)),
      outputs: Matrix(outputs), threshold: threshold)
  }

  /// Returns the probability from which on a row gives a label where several can apply: the one with the best first metric on the
  /// held-out texts, of equally good ones that which is nearest to ½. `nil` for other tasks, and without such texts.
  private func threshold(of answerer: Answerer) throws -> Float? {
    guard task.kind.isMultilabel else { return nil }
    if let known = thresholds[answerer.name] { return known }
    let heldOut = heldOut.filter(answerer.canAnswer)
    if heldOut.isEmpty { return nil }
    let outputs = try answerer.answers(to: answerer.encode(heldOut))
    let targets = heldOut.compactMap(\.target)
    func score(_ threshold: Float) -> Double {
      task.metrics[0].value(
        predictions: predictions(from: outputs, task: task.kind, threshold: threshold), targets: targets)
    }
    let tried = (2...38).map { Float($0) / 40 }.map { (threshold: $0, score: score($0)) }
    return tried.max { ($0.score, abs($1.threshold - 0.5)) < ($1.score, abs($0.threshold - 0.5)) }?.threshold
  }

  /// Returns the thresholds of teacher, student and student with knowledge base by the names of their rows.
  func thresholds(
    teacher: (any TextEncoder)?, student: any TextEncoder, augmentation: RetrievalAugmentation?
  ) throws -> [String: Float] {
    try answerers(teacher: teacher, student: student, augmentation: augmentation).reduce(into: [:]) {
      $0[$1.name] = try threshold(of: $1)
    }
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
      parameters: outcome.parameters, speed: outcome.speed, threshold: outcome.threshold)
  }

  /// Returns what explains the gain of retrieval, and how well novelty tells what nobody has taught.
  private func diagnosis(
    of augmentation: RetrievalAugmentation, _ student: any TextEncoder, on examples: [Example], _ threshold: Float?
  ) throws -> (retrieval: RetrievalDiagnosis?, novelty: NoveltyDiagnosis?, found: [[Neighbour]]) {
    // What is within and between classes has no meaning for scores.
    guard task.kind != .regression else { return (nil, nil, []) }
    var augmentation = augmentation
    augmentation.readout = nil
    let data = EncodedDataset(examples, with: student.tokenizer, maximumLength: maximumLength)
    let response = try answers(of: student, to: data, with: [.logits, .embedding]) {
      observe(.progress(what: "evaluation: retrieval", done: $0, total: data.count))
    }
    let found = try augmentation.answers(
      response, task: task.kind, neighbours: RetrievalAugmentation.neighboursForNovelty)
    if task.kind.isMultilabel { return (nil, nil, found.neighbours) }
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
    let targets = examples.compactMap(\.target)
    let rows = [Self.studentRow, shippedRow(augmentation)].compactMap { name in outcomes.first { $0.name == name } }
    guard let names = task.kind.labels else {
      var findings = Findings()
      findings.scores = rows.map { ScoreErrors(row: $0.name, examples: examples, predictions: $0.predictions) }
      return findings
    }
    func entry(_ node: Int) -> KnowledgeEntry? { augmentation.flatMap { describe($0.knowledge.rows[node]) } }
    var map: KnowledgeMap?
    if let augmentation, !task.kind.isMultilabel {
      map = try KnowledgeMap(
        augmentation, names: names, found: found.map { Array($0.prefix(augmentation.mixing.neighbours)) }
      ) { node in (entry(node)?.text, entry(node)?.label, entry(node)?.source) }
    }
    return Findings(
      classes: rows.map { row in
        ClassBreakdown(
          row: row.name, names: names, targets: targets.map(\.allLabels), predictions: row.predictions.map(\.allLabels))
      },
      calibration: calibration(of: rows, targets, augmentation),
      texts: texts(outcomes, examples, targets, shipped: shippedRow(augmentation), found: found, entry), map: map)
  }

  private func calibration(
    of rows: [Outcome], _ targets: [Target], _ augmentation: RetrievalAugmentation?
  ) -> [ProbabilityCalibration] {
    let mixed = augmentation?.mixing.studentTemperature
    let fitted = mixed == nil || mixed == 1 ? temperature : mixed
    return rows.compactMap { row in
      guard let probabilities = row.outputs else { return nil }
      if task.kind.isMultilabel {
        return ProbabilityCalibration(
          row: row.name, probabilities: probabilities, labels: targets.map(\.allLabels))
      }
      return ProbabilityCalibration(
        row: row.name, probabilities: probabilities, targets: targets.compactMap(\.label),
        temperature: row.name == Self.studentRow && fitted != 1 ? fitted : nil)
    }
  }

  private func texts(
    _ outcomes: [Outcome], _ examples: [Example], _ targets: [Target], shipped: String, found: [[Neighbour]],
    _ entry: @escaping (Int) -> KnowledgeEntry?
  ) -> [ReportedText] {
    func row(_ name: String) -> TextChoice.Row? {
      guard let outcome = outcomes.first(where: { $0.name == name }), let outputs = outcome.outputs else { return nil }
      return (name, outputs, outcome.predictions)
    }
    return TextChoice(
      examples: examples, task: task.kind, targets: targets, teacher: row("teacher"), student: row(Self.studentRow),
      shipped: row(shipped), found: found
    ) { node in (entry(node)?.text, entry(node)?.pair, entry(node)?.allLabels?.joined(separator: "|")) }.texts()
  }
}
