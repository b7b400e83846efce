import DistillCore
import DistillKnowledge
import DistillTraining
import Foundation

extension PipelineRun {
  /// Builds the knowledge base and writes it to the folder of the run, if the pipeline has one.
  ///
  /// What held-out texts choose, they choose while the knowledge base does not hold them. Then they are added.
  ///
  /// - `unseen`: The labels of the training texts, if teachers give them that have not learnt from these.
  /// - Returns: The encoder that answers and whose embeddings are the queries, the knowledge base with its index, and its entries.
  func knowledgeBase(
    _ teacher: (any TextEncoder)?, _ student: any TextEncoder, _ unseen: OutOfFoldLabels?
  ) throws -> (reader: any TextEncoder, RetrievalAugmentation?, entries: [KnowledgeEntry]) {
    guard let options = pipeline.options.knowledgeBase, let recipe = options.retriever else {
      try chooseThresholds(teacher, student, nil)
      return (student, nil, [])
    }
    let map = try stateMap(options, student)
    let space = pipeline.options.searchSpace(student.card)
    let reader = map.map { MappedEncoder(encoder: student, map: $0, appendsOwn: space == .both) } ?? student
    let addition = try addition(options, by: space == .teacher ? teacher ?? reader : reader, teacher, unseen)
    func known(_ state: KnowledgeState) -> KnowledgeBase {
      KnowledgeBase(state, labels: pipeline.options.keyLabels, task: texts.task.kind)
    }
    let learnt = KnowledgeState(beginningWith: addition.all.prefix(addition.learnt))
    let knowledge = known(learnt)
    var augmentation = RetrievalAugmentation(
      knowledge, retriever: try recipe.makeRetriever(knowledge.embeddings), mixing: options.mixing)
    let heldOut = try heldOutAnswers(of: reader)
    if let grid = options.choose, let heldOut { try choose(among: grid, &augmentation, on: heldOut) }
    record.mixing = augmentation.mixing
    augmentation.readout = space == .teacher ? nil : try readout(of: learnt, options, augmentation, on: heldOut)
    record.unknownBeyond = try heldOut.map {
      try noveltyThreshold(augmentation, on: $0, falseAlarms: options.falseAlarms)
    }
    try chooseThresholds(teacher, reader, augmentation)

    let state = KnowledgeState(beginningWith: addition.all)
    if state.entries.count > learnt.entries.count {
      let all = known(state)
      augmentation = RetrievalAugmentation(
        all, retriever: try recipe.extend(augmentation.retriever, to: all.embeddings), mixing: augmentation.mixing,
        readout: augmentation.readout)
    }
    let labels = texts.task.kind.labels ?? []
    try AtomicFolder.write(to: folder.knowledgeBase) { folder in
      try KnowledgeFolder(folder).make(
        addition.all, labels: labels, note: "the training texts", retriever: augmentation.retriever, map: map)
    }
    try FileSystem.remove(folder.readouts)  // that of a run that was interrupted after this point
    if let readout = augmentation.readout { _ = try ReadoutFolder(url: folder.readouts).add(readout) }
    return (reader, augmentation, state.entries)
  }

  /// Chooses from which probability on a label applies, where several can, on the texts that are held out for choices.
  private func chooseThresholds(
    _ teacher: (any TextEncoder)?, _ reader: any TextEncoder, _ augmentation: RetrievalAugmentation?
  ) throws {
    guard texts.task.kind.isMultilabel else { return }
    record.thresholds = try evaluation.thresholds(teacher: teacher, student: reader, augmentation: augmentation)
  }

  func encoded(_ examples: [Example], _ encoder: any TextEncoder) -> EncodedDataset {
    EncodedDataset(examples, with: encoder.tokenizer, maximumLength: pipeline.options.task.maximumLength)
  }

  /// Returns the map from the student's states to the embeddings of the base, if the knowledge base is searched there.
  private func stateMap(_ options: KnowledgeBaseOptions, _ student: any TextEncoder) throws -> StateMap? {
    guard pipeline.options.searchSpace(student.card).isMapped else { return nil }
    guard let base = try pipeline.base() else {
      throw ContractError("a recipe that says it has a base makes none")
    }
    guard base.tokenizer.fingerprint == student.tokenizer.fingerprint else {
      throw ContractError("the student and the checkpoint before the training have different vocabularies")
    }
    let data = encoded(texts.training + texts.unlabelled, student)
    return try StateMap(
      from: student, layers: options.layers ?? Array(1...student.card.layers), to: base, fitting: data,
      choosingOn: encoded(texts.heldOutForChoices, student), progress: told("map to the base", data.count))
  }

  /// Returns a function that reports progress, and throws if a stop was requested.
  func told(_ what: String, _ total: Int) -> (Int) throws -> Void {
    { [self] done in
      observe(.progress(what: what, done: done, total: total))
      try stopIfRequested(before: what)
    }
  }

  /// Returns what the knowledge base holds: the keys that an encoder gives to the texts, and their labels. The first `learnt` entries are
  /// of texts that the student learnt from, and the others of texts that are held out.
  private func addition(
    _ options: KnowledgeBaseOptions, by encoder: any TextEncoder, _ teacher: (any TextEncoder)?,
    _ unseen: OutOfFoldLabels?
  ) throws -> (all: KnowledgeAddition, learnt: Int) {
    let labels = pipeline.options.keyLabels
    // A text that has a label is known by that, and one that chooses must not find itself.
    let others = Set((texts.training + texts.heldOut).map(PlainText.init))
    let unlabelled = labels == .gold ? [] : texts.unlabelled.filter { !others.contains(PlainText($0)) }
    let (labelled, learnt) = (texts.training.count, texts.training.count + unlabelled.count)
    let asked = labels.isSoft || options.space == .teacher ? teacher as? any Teacher : nil
    let heldOut = zip(options.heldOut ? texts.heldOut : [], texts.heldOutSources).filter { example, _ in
      asked?.canAnswer(PlainText(example)) ?? true
    }
    let examples = texts.training + unlabelled + heldOut.map(\.0)
    let sources = texts.trainingSources + unlabelled.map { _ in "unlabelled" } + heldOut.map(\.1)
    if options.heldOut, heldOut.count < texts.heldOut.count {
      let count = texts.heldOut.count - heldOut.count
      observe(.note("\(count) of the held-out texts do not become entries, because the teacher does not answer them"))
    }
    let data = encoded(examples, encoder)
    let keys = try answers(of: encoder, to: data, with: [.embedding], progress: told("knowledge base", data.count))
    let embeddings = Matrix(try keys[.embedding].l2Normalised())
    guard embeddings.values.allSatisfy(\.isFinite) else {
      throw ContractError("the embeddings are not finite; no knowledge base can be built of them")
    }
    let entries = zip(examples, sources).map {
      KnowledgeEntry($0, task: texts.task.kind, keepsText: options.texts, source: $1)
    }
    // The teacher has not learnt from what comes after the labelled texts, unless it is a copy of one.
    let rows = labels == .soft ? 0..<examples.count : labelled..<(labels == .outOfFold ? examples.count : learnt)
    var (soft, softRows) = (
      unseen.map { [$0.probabilities] } ?? [], unseen.map { Array(0..<$0.probabilities.rows) } ?? []
    )
    if let teacher, !rows.isEmpty {
      let answers = try answers(
        of: teacher, to: encoded(Array(examples[rows]), teacher), with: [.logits],
        progress: told("knowledge base: soft labels", rows.count))
      soft.append(Matrix(probabilities(from: try answers[.logits], task: texts.task.kind)))
      softRows += rows
    }
    let addition = KnowledgeAddition(
      entries, keys: embeddings, softLabels: soft.isEmpty ? nil : Matrix(concatenatedRows(soft.map(\.tensor))),
      softRows: softRows)
    return (addition, learnt)
  }

  /// What the encoder that answers says of the texts that are held out for choices.
  private struct HeldOutAnswers {
    let data: EncodedDataset
    /// [B, D].
    let embeddings: Tensor
    /// The student's probabilities or scores [B, C].
    let outputs: Tensor
  }

  /// Returns the answers to the texts that are held out for choices, or `nil` if there are none.
  private func heldOutAnswers(of reader: any TextEncoder) throws -> HeldOutAnswers? {
    guard !texts.heldOutForChoices.isEmpty else { return nil }
    let data = encoded(texts.heldOutForChoices, reader)
    let response = try answers(of: reader, to: data, with: [.embedding, .logits])
    return HeldOutAnswers(
      data: data, embeddings: try response[.embedding],
      outputs: probabilities(from: try response[.logits], task: texts.task.kind))
  }

  /// Returns the novelty that no more than a share of the texts exceed that are held out for choices.
  private func noveltyThreshold(
    _ augmentation: RetrievalAugmentation, on heldOut: HeldOutAnswers, falseAlarms: Float
  ) throws -> Float {
    let novelties = try augmentation.neighbours(
      of: heldOut.embeddings, count: RetrievalAugmentation.neighboursForNovelty
    ).map(augmentation.novelty).sorted()
    return novelties[novelties.count - 1 - Int(falseAlarms * Float(novelties.count - 1))]
  }

  /// Sets K, β and τ to the best of a grid on the texts that are held out for choices, and for an adaptive mixing the student's
  /// temperature or line before.
  private func choose(
    among grid: MixingGrid, _ augmentation: inout RetrievalAugmentation, on heldOut: HeldOutAnswers
  ) throws {
    if augmentation.mixing.isAdaptive {
      try augmentation.mixing.calibrate(Matrix(heldOut.outputs), on: heldOut.data)
    }
    let trials = try augmentation.trials(
      grid, embeddings: heldOut.embeddings, outputs: heldOut.outputs, data: heldOut.data, task: texts.task)
    guard let choice = RetrievalAugmentation.choice(among: trials) else { return }
    augmentation.mixing = choice.trial.mixing
    if let gain = choice.gain, choice.trial.mixing.beta == 1, gain.mean > 0 {
      mixingRemark =
        "the neighbours have no say: on \(heldOut.data.count) held-out texts, they would lower the loss by \(Report.fixed(gain.mean, 4)), "
        + "with a standard error of \(Report.fixed(gain.error, 4))"
    }
  }

  /// Returns the readout of what is known, if it is to answer in the place of the student's classifier.
  private func readout(
    of state: KnowledgeState, _ options: KnowledgeBaseOptions, _ augmentation: RetrievalAugmentation,
    on heldOut: HeldOutAnswers?
  ) throws -> Readout? {
    let task = texts.task.kind
    guard case .classification(let labels) = task, options.readout != .never else { return nil }
    let isAsked =
      options.readout == .auto && pipeline.options.task.classWeights == nil && state.labels.count >= 2
      && heldOut != nil
    guard options.readout == .always || isAsked else { return nil }
    var readout = try Readout(of: state, order: labels)
    readout.beta = augmentation.mixing.beta
    var reason = "as the pipeline asks"
    if let heldOut {
      let own = readout(heldOut.embeddings.l2Normalised(), task: task)
      if isAsked {
        let losses = try losses(of: own, beside: heldOut, unknown: readout.unknown(in: task))
        let gain = LossDifference(losses.student, losses.readout)
        func mean(_ losses: [Double]) -> String {
          Report.fixed(losses.reduce(0, +) / Double(max(losses.count, 1)), 3)
        }
        reason =
          "on \(losses.student.count) held-out texts, the readout has a loss of \(mean(losses.readout)) and the student one of "
          + mean(losses.student) + (gain.isClear || gain.mean <= 0 ? "" : ", which may be chance")
        guard gain.isClear else {
          readoutRemark = "the student's classifier answers: \(reason)"
          return nil
        }
      }
      if var grid = options.choose {
        var augmentation = augmentation
        augmentation.mixing.studentTemperature = 1
        (grid.neighbours, grid.temperature) = ([augmentation.mixing.neighbours], [augmentation.mixing.temperature])
        let trials = try augmentation.trials(
          grid, embeddings: heldOut.embeddings, outputs: own.tensor, data: heldOut.data, task: texts.task,
          unknown: readout.unknown(in: task))
        readout.beta = RetrievalAugmentation.best(of: trials)?.mixing.beta
      }
    }
    readoutRemark =
      "a linear readout of the keys answers: \(reason); its share beside the neighbours is β = \(readout.beta ?? 1)"
    return readout
  }

  /// Returns the losses of a readout and of the student's probabilities, softened by the temperature that is best for them, on the texts whose
  /// labels the readout knows. Neither can answer the others.
  private func losses(
    of readout: Matrix, beside heldOut: HeldOutAnswers, unknown: Set<Int>
  ) throws -> (readout: [Double], student: [Double]) {
    let student = Matrix(heldOut.outputs)
    var mixing = Mixing()
    try mixing.calibrate(student, on: heldOut.data)
    let targets = try heldOut.data.everyTarget()
    let known = targets.indices.filter { !unknown.contains(targets[$0].label ?? -1) }
    func losses(_ answers: Matrix) throws -> [Double] {
      let losses = try RetrievalAugmentation.losses(answers, heldOut.data)
      return known.map { losses[$0] }
    }
    return (try losses(readout), try losses(mixing.calibrated(student)))
  }
}
