import DistillCore

extension PipelineCheck {
  /// Checks each loss with the models, and returns what all losses with a weight above 0 read together.
  func losses(_ encoders: [WiredEncoders], _ layerMap: Known<[LayerPair]>) -> Known<Reads> {
    var all = isKnown("losses") ? layerMap.map { _ in Reads() } : .unknown
    let models = encoders.compactMap(\.models.value)
    guard models.count == encoders.count else { return .unknown }
    for (index, loss) in options.losses.enumerated() {
      let place = "losses[\(index)]"
      if !isWhole(place) { all = .unknown }
      guard let term = loss.term else { continue }
      // If the layer map is unknown, the term is checked with the first layers, which every encoder has.
      let pairs: [LayerPair?] = term.scope == .layer ? layerMap.value ?? [LayerPair(student: 1, teacher: 1)] : [nil]
      for pair in pairs {
        let reads = ask(place, whichever: models) { models in
          if pair != nil { _ = try models.requireTeacher() }
          let reads = try term.reads(models, at: pair)
          for activation in reads.student { try models.student.check(activation, of: "student") }
          for activation in reads.teacher { try models.requireTeacher().check(activation, of: "teacher") }
          return reads
        }
        all = Known { () throws(Unknown) in
          let (all, reads) = (try all.get(), try reads.get()[0])
          return loss.weight > 0 ? all.union(reads) : all
        }
      }
    }
    return all
  }

  /// Checks that a loss reads the teacher's answers if there are texts that only the teacher answers.
  func unlabelled(_ reads: Known<Reads>) {
    guard !options.task.unlabelled.list.isEmpty, options.teacher != nil, reads.value?.teacher.isEmpty == true else {
      return
    }
    report(
      "nobody would answer these texts: no loss reads the teacher", at: "task.unlabelled",
      hint: "add `{use: soft-cross-entropy}` to `losses`")
  }

  /// Checks that the teacher answers the texts that are to be learnt from, if it does not answer every text. All texts are read for this.
  func coverage() {
    guard let teacher = options.teacher, !teacher.answersEveryText, !diagnostics.hasErrors else { return }
    do {
      if let gap = try options.texts().coverage?.gap { warn(gap + "; they are left out", at: "teacher") }
    } catch let error as TextFileError {
      report(error.firstProblem, at: "task", hint: error.otherLines)
    } catch { report(WiringErrors(error).list, at: "teacher") }
  }

  /// Checks a pipeline whose texts have no labels at all (`train: []`).
  func labels() {
    guard options.task.train.list.isEmpty else { return }
    if options.task.holdOut > 0 {
      report("there are no labelled texts that could be held out", at: "task.hold_out")
    }
    if let labels = options.knowledgeBase?.labels, labels == .gold || labels == .outOfFold {
      report(
        "no text has a label that could be stored" + (labels == .gold ? "" : " or learnt from"), at: "knowledge_base",
        hint: "leave `labels` out, and the teacher's answers are stored")
    }
    if options.knowledgeBase?.readout == .always {
      report("no text has a label that a readout could be fitted to", at: "knowledge_base.readout")
    }
  }

  func schedule(_ models: Known<ModelPair>, _ layerMap: Known<[LayerPair]>) {
    guard let schedule = options.schedule else { return }
    let terms = options.terms
    func names(_ scope: LossScope) -> [String] { terms.filter { $0.term.scope == scope }.map(\.name) }
    // A term that throws here has thrown before, and then the schedule is not asked.
    let onLogits = models.value.map { models in
      terms.filter {
        $0.term.scope == .output && (try? $0.term.reads(models, at: nil))?.student.contains(.logits) == true
      }
      .map(\.name)
    }
    let logitTerms = onLogits.map { [$0] } ?? [[], names(.output)]
    let maps = layerMap.value.map { [$0] } ?? [[], [LayerPair(student: 1, teacher: 1)]]
    let epochs = isKnown("training.epochs") ? [options.training.epochs] : [1, .max]
    let cases = maps.flatMap { map in
      epochs.flatMap { epochs in
        logitTerms.map {
          ScheduledTerms(
            layerMap: map, layerTerms: names(.layer), outputTerms: names(.output), logitTerms: $0, epochs: epochs)
        }
      }
    }
    ask("schedule", given: ["losses"] + options.losses.indices.map { "losses[\($0)]" }, whichever: cases) {
      try schedule.check($0)
    }
  }

  /// Checks that the knowledge base has enough examples and that the student's embeddings can be compared with the teacher's.
  ///
  /// - Parameters:
  ///   - encoders: The encoders.
  ///   - reads: What the losses read.
  func knowledgeBase(_ encoders: WiredEncoders, _ reads: Known<Reads>) {
    guard let base = options.knowledgeBase else { return }
    // What else is among the keys is not counted here: the teacher's answers to unlabelled texts.
    if options.keyLabels == .gold || options.task.unlabelled.list.isEmpty,
      let rows = trainingRows.map({ $0 - options.heldOutCount(among: $0) })
    {
      let asked =
        base.choose.map { $0.neighbours.enumerated().map { ("choose.neighbours[\($0.offset)]", $0.element) } }
        ?? [("neighbours", base.mixing.neighbours)]
      for (option, neighbours) in asked where neighbours > rows {
        warn("asks for \(neighbours) neighbours among \(rows) examples", at: "knowledge_base.\(option)")
      }
    }
    if let rows = trainingRows, base.choose != nil, options.task.holdOut > 0 {
      let heldOut = options.heldOutCount(among: rows)
      func choosing(_ keepsBestEpoch: Bool) -> Int {
        options.purposes(of: heldOut, keepsBestEpoch: keepsBestEpoch).choices
      }
      if choosing(options.keepsBestEpoch) < 20 {
        warn(
          "too few texts to tell anything choose the share of the neighbours: \(choosing(options.keepsBestEpoch))"
            + (options.keepsBestEpoch ? "; with `keep: last` in `training` it would be \(choosing(false))" : ""),
          at: "task.hold_out")
      }
    }
    if let rows = trainingRows, base.foldCount > rows - options.heldOutCount(among: rows) {
      report(
        "asks for \(base.foldCount) folds of \(rows - options.heldOutCount(among: rows)) training texts",
        at: "knowledge_base.folds")
    }
    if base.mixing.studentTemperature != 1,
      options.task.isMultilabel || options.task.score != nil || options.task.use == "sts-b"
    {
      report(
        "softens the probabilities of tasks in which a text has one label", at: "knowledge_base.student_temperature")
    }
    if base.readout == .always, options.task.isMultilabel || options.task.score != nil || options.task.use == "sts-b" {
      report("is fitted to texts of one label each", at: "knowledge_base.readout")
    }
    guard let student = encoders.context.studentCard.value ?? nil else { return }
    let space = options.searchSpace(student)
    if space.isMapped, options.baseRecipe == nil, isWhole("teacher"), isWhole("student") {
      report(
        "neither teacher nor student starts from a checkpoint, whose embeddings could be met",
        at: "knowledge_base.space",
        hint: "compare the student's embeddings: `space: student`")
    }
    if space.isMapped, !student.activations.contains(.classToken) {
      report(
        "the student gives no states of one sequence that could be mapped", at: "knowledge_base.space",
        hint: "compare the student's embeddings: `space: student`")
    }
    for (index, layer) in (base.layers ?? []).enumerated() where layer > student.layers {
      report("the student has \(student.layers) layers", at: "knowledge_base.layers[\(index)]")
    }
    if base.layers != nil, !space.isMapped {
      warn("has no effect: `space: \(space)` maps no states", at: "knowledge_base.layers")
    }
    guard space == .teacher, let reads = reads.value, let models = encoders.models.value, let teacher = models.teacher
    else { return }
    if let refusal = teacher.refusal(of: .embedding, role: "teacher") {
      return report(refusal, at: "knowledge_base", hint: "compare the student's own: `space: both`")
    }
    guard teacher.embeddingWidth == models.student.embeddingWidth else {
      let head = registry.plugins(of: (any TeacherRecipe).self).first { $0.wraps(in: registry) }
      return report(
        "the teacher's embeddings have width \(teacher.embeddingWidth) and the student's \(models.student.embeddingWidth)",
        at: "knowledge_base", hint: head.map { "wrap the teacher in a `\($0.name)`, which projects them" })
    }
    func readsTop(_ activations: Set<Activation>, _ card: ModelCard) -> Bool {
      activations.contains { $0 == .embedding || $0.layer == card.layers }
    }
    if !readsTop(reads.teacher, teacher) || !readsTop(reads.student, models.student) {
      let loss = registry.plugins(of: (any LossTerm).self).first { plugin in
        guard let reads = (plugin.type.init() as? any LossTerm).flatMap(PluginDescription.reads)?.reads else {
          return false
        }
        return reads.teacher.contains(.embedding) && reads.student.contains(.embedding)
      }
      warn(
        "no loss brings the student's embedding near the teacher's, among which it looks for neighbours",
        at: "knowledge_base", hint: loss.map { "add `{use: \($0.name)}` to `losses`" })
    }
  }
}

extension CompiledPlugin {
  /// Returns whether the plugin is a teacher that wraps another teacher, such as a projection head.
  fileprivate func wraps(in registry: PluginRegistry) -> Bool {
    type.optionDescriptions(registry: registry).contains { $0.shape == .plugin(kind: kind) }
  }
}
