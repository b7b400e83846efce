import DistillCore

/// The cards of both encoders, as far as they are known, for one task that the pipeline could have.
struct WiredEncoders {
  var context: PipelineContext
  /// The card of the whole teacher, including its heads. `.known(nil)` if the pipeline has no teacher.
  var teacher: Known<ModelCard?>

  var models: Known<ModelPair> {
    Known { () throws(Unknown) in
      guard let student = try context.studentCard.get() else { throw Unknown() }
      return ModelPair(teacher: try teacher.get(), student: student, task: context.task)
    }
  }
}

extension PipelineCheck {
  /// Returns the encoders, for each case that has to be considered.
  ///
  /// If the labels or the maximum length are unknown because of a mistake, two very different values stand for all possible
  /// ones. An error that occurs with both does not depend on the unknown value, so it is reported. An error that occurs with
  /// only one is not.
  func encoders(_ task: Known<TaskDefinition>) -> [WiredEncoders] {
    let kinds = task.value.map { [$0.kind] } ?? [.regression, .classification(labels: ["", " "])]
    let hasPairs = task.value?.hasPairs
    let lengths = isKnown("task.max_length") ? [options.task.maximumLength] : [1, 1 << 20]
    var cases = kinds.flatMap { task in
      lengths.map { length in
        var context = PipelineContext(
          task: task, hasPairs: hasPairs ?? (task == .regression), maximumLength: length,
          key: RandomKey(UInt64(options.seed)))
        (context.teacherCard, context.studentCard) = (.unknown, .unknown)
        return WiredEncoders(context: context, teacher: .unknown)
      }
    }
    cards(in: &cases)
    checkFit(cases[0])
    return cases
  }

  /// Asks the recipes for their cards, in an order in which each has what it may need.
  ///
  /// The first is the innermost encoder of the teacher, because a student can copy its layers. Then comes the student, because
  /// a head can take its width, and finally the heads of the teacher from the inside out.
  private func cards(in cases: inout [WiredEncoders]) {
    let recipes = options.recipes
    let beside = Set(recipes.flatMap { place, recipe in recipe.optionsBesideCard.map { "\(place).\($0)" } })
    let teachers = recipes.filter { $0.place == "teacher" || $0.place.hasPrefix("teacher.") }
    // A teacher that wraps two others has no single innermost encoder. Its own card then takes that place.
    let isChain = zip(teachers, teachers.dropFirst()).allSatisfy { $1.place.hasPrefix($0.place + ".") }
    let innermost = isChain ? teachers.last : teachers.first

    func ask(_ part: (place: String, recipe: any EncoderRecipe), _ put: (inout WiredEncoders, ModelCard) -> Void) {
      guard isWhole(part.place, ignoring: beside) else { return }
      let cards = self.ask(part.place, whichever: cases) { try part.recipe.card(in: $0.context) }
      guard let cards = cards.value else { return }
      for (index, card) in cards.enumerated() { put(&cases[index], card) }
      // `check(in:)` may depend on whether these options are given, so it is called only if they are known at least that far.
      guard isWhole(part.place, ignoring: beside, insideOnly: true) else { return }
      self.ask(part.place, whichever: cases) { try part.recipe.check(in: $0.context) }
    }

    func askInnermost() {
      guard let innermost, case .unknown = cases[0].teacher else { return }
      ask(innermost) { ($0.context.teacherCard, $0.teacher) = (.known($1), .known($1)) }
    }

    if options.teacher == nil, isKnown("teacher") {
      for index in cases.indices {
        (cases[index].context.teacherCard, cases[index].teacher) = (.known(nil), .known(nil))
      }
    }
    askInnermost()
    if let student = options.student { ask(("student", student)) { $0.context.studentCard = .known($1) } }
    // Ask again, for an encoder whose card depends on the student's.
    askInnermost()
    // The whole teacher comes last. Its card is known already if the chain ends with it.
    for teacher in teachers.reversed() where !isChain || teacher.place != innermost?.place {
      for index in cases.indices { cases[index].teacher = .unknown }
      ask(teacher) { $0.teacher = .known($1) }
    }
  }

  /// Checks that the encoders fit each other and the task.
  private func checkFit(_ encoders: WiredEncoders) {
    let (source, student) = (
      encoders.context.teacherCard.value ?? nil, encoders.context.studentCard.value ?? nil
    )
    for (role, card) in [("teacher", source), ("teacher", encoders.teacher.value ?? nil), ("student", student)] {
      guard let card, options.task.maximumLength > card.maximumLength else { continue }
      report("the \(role) reads at most \(card.maximumLength) tokens", at: "task.max_length")
    }
    if let source, let student, !source.readsTexts, source.vocabulary != student.vocabulary {
      report("teacher and student have different vocabularies, and read the same ids", at: "student")
    }
  }

  /// Returns the pairs of layers that layer-wise losses compare. A wrong layer map is only a warning if no loss is layer-wise.
  func layerMap(_ encoders: WiredEncoders) -> Known<[LayerPair]> {
    let teacher = Known(encoders.context.teacherCard.value??.layers)
    let student = Known(encoders.context.studentCard.value??.layers)
    guard options.losses.contains(where: { $0.term?.scope == .layer }) else {
      do { try options.layerMap.check(student: student, teacher: teacher) } catch {
        report(WiringErrors(error).list, at: "layer_map", as: .warning)
      }
      return .known([])
    }
    // A layer-wise loss refuses a teacher without layers by itself, and says what the teacher has.
    if teacher.value == 0 { return .unknown }
    return ask(isWritten("layer_map") ? "layer_map" : "student", given: ["layer_map"]) {
      try options.layerMap.check(student: student, teacher: teacher)
      return try options.layerMap.resolved(student: student.get(), teacher: teacher.get())
    }
  }
}
