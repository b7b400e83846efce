import DistillCore
import Foundation

extension PipelineCheck {
  /// Puts the cards that are known into the surroundings, and checks that the encoders fit each other and the task.
  mutating func models(_ options: PipelineOptions, _ surroundings: inout Surroundings) {
    // Two rounds: a student may be made of the teacher's layers, and a teacher's head may take the student's width.
    surroundings.teacher = card(options.teacher, at: "teacher", in: surroundings)
    let mayLackTeacher = options.teacher == nil && isKnown("teacher")
    surroundings.student = card(options.student, at: "student", in: surroundings, missingTeacher: mayLackTeacher)
    if let recipe = options.teacher, let card = surroundings.teacher {
      surroundings.teacher = at("teacher") { try recipe.card(card, in: surroundings) }
    }

    for (role, card) in [("teacher", surroundings.teacher), ("student", surroundings.student)] {
      guard let card, surroundings.maximumLength > card.maximumLength else { continue }
      report("the \(role) reads at most \(card.maximumLength) tokens", at: "task.max_length")
    }
    if let teacher = surroundings.teacher, let student = surroundings.student, teacher.vocabulary != student.vocabulary
    {
      report("teacher and student have different vocabularies, and read the same ids", at: "student")
    }
  }

  private mutating func card(
    _ recipe: (any EncoderRecipe)?, at path: String, in surroundings: Surroundings, missingTeacher: Bool = true
  ) -> ModelCard? {
    guard let recipe, recipe.basis != nil || isWhole(path) else { return nil }
    func paths(_ options: [String]) -> [String] { options.map { "\(path).\($0)" } }
    let given = paths(["use"] + (recipe.basis?.card ?? []))
    let card = at(path, given: given, missingTeacher: missingTeacher) { try recipe.card(in: surroundings) }
    if card != nil {
      at(path, given: given + paths(recipe.basis?.check ?? [])) { try recipe.check(in: surroundings) }
    }
    return card
  }

  /// The pairs of layers that layer-wise losses compare; nil where they are not known.
  mutating func layerMap(_ options: PipelineOptions, _ surroundings: Surroundings) -> [LayerPair]? {
    let isRead = options.losses.contains { $0.term?.scope == .layer }
    let (teacher, student) = (surroundings.teacher?.layers, surroundings.student?.layers)
    let isKnown = teacher != nil && student != nil
    // What is not known is taken for what fits; without pairs, there is nothing to check then.
    guard isKnown || options.layerMap.isPairs else { return isRead ? nil : [] }
    func resolve() throws -> [LayerPair] {
      try options.layerMap.resolved(student: student ?? .max, teacher: teacher ?? .max)
    }
    if isRead {
      let pairs = at(isWritten("layer_map") ? "layer_map" : "student", given: ["layer_map"], resolve)
      return isKnown ? pairs : nil
    }
    if options.layerMap.isPairs {
      do { _ = try resolve() } catch { report(WiringErrors(error).list, at: "layer_map", as: .warning) }
    }
    return []
  }

  /// What the losses that count read, all together; nil where that is not known.
  mutating func losses(
    _ options: PipelineOptions, _ surroundings: Surroundings, _ layerMap: [LayerPair]?
  ) -> Reads? {
    var all: Reads? = isKnown("losses") && layerMap != nil ? Reads() : nil
    // What is not known is taken for what fits.
    guard let student = surroundings.student ?? surroundings.teacher else { return nil }
    let models = ModelPair(teacher: surroundings.teacher, student: student, task: surroundings.task)
    let mayLackTeacher = options.teacher == nil && isKnown("teacher")
    for (index, loss) in options.losses.enumerated() {
      if !isWhole("losses[\(index)]") { all = nil }
      guard let term = loss.term else { continue }
      func check(_ body: () throws -> Void) {
        if at("losses[\(index)]", missingTeacher: mayLackTeacher, body) == nil { all = nil }
      }
      if term.scope == .layer { check { _ = try models.requireTeacher() } }
      let pairs: [LayerPair?] = term.scope == .layer ? layerMap ?? [LayerPair(student: 1, teacher: 1)] : [nil]
      for pair in pairs {
        check {
          let reads = try term.reads(models, at: pair)
          for activation in reads.student { try student.check(activation, of: "student") }
          for activation in reads.teacher { try models.requireTeacher().check(activation, of: "teacher") }
          if loss.weight > 0 { all = all?.union(reads) }
        }
      }
    }
    return all
  }

  mutating func schedule(_ options: PipelineOptions, _ layerMap: [LayerPair]?) {
    guard let schedule = options.schedule else { return }
    let terms = options.terms
    func names(_ scope: LossScope) -> [String] { terms.filter { $0.term.scope == scope }.map(\.name) }
    // What is not known is taken for what suits.
    let epochs = isKnown("training.epochs") ? options.training.epochs : .max
    at("schedule", given: ["losses"] + options.losses.indices.map { "losses[\($0)]" }) {
      try schedule.check(
        ScheduledTerms(
          layerMap: layerMap ?? [], layerTerms: names(.layer), outputTerms: names(.output), epochs: epochs))
    }
  }

  /// - Parameter reads: what the losses read, where that is known.
  mutating func knowledgeBase(_ options: PipelineOptions, _ surroundings: Surroundings, _ reads: Reads?) {
    guard let base = options.knowledgeBase else { return }
    if let rows = trainingRows.map({ Int((Float($0) * (1 - options.task.holdOut)).rounded()) }) {
      let asked =
        base.choose.map { $0.neighbours.enumerated().map { ("choose.neighbours[\($0.offset)]", $0.element) } }
        ?? [("neighbours", base.mixing.neighbours)]
      for (option, neighbours) in asked where neighbours > rows {
        warn("asks for \(neighbours) neighbours among \(rows) examples", at: "knowledge_base.\(option)")
      }
    }
    guard let reads, let teacher = surroundings.teacher, let student = surroundings.student else { return }
    guard teacher.embeddingWidth == student.embeddingWidth else {
      return report(
        "the teacher's embeddings have width \(teacher.embeddingWidth) and the student's \(student.embeddingWidth)",
        at: "knowledge_base", hint: "wrap the teacher in a `supervised-contrastive-head`, which projects them")
    }
    func readsTop(_ activations: Set<Activation>, _ card: ModelCard) -> Bool {
      activations.contains { $0 == .embedding || $0.layer == card.layers }
    }
    if !readsTop(reads.teacher, teacher) || !readsTop(reads.student, student) {
      warn(
        "no loss brings the student's embedding near the teacher's, among which it looks for neighbours",
        at: "knowledge_base", hint: "add `{use: relational-kl}` to `losses`")
    }
  }
}
