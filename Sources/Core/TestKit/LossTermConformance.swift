import DistillCore

/// Checks that a loss term does what every loss term must do:
///
/// ```swift
/// @Test func conforms() throws { try LossTermConformance(MyTerm(), atTeacher: .zero).check() }
/// ```
///
/// The term is evaluated on random responses of a teacher and a student to a few sequences of different lengths. A
/// ``ConformanceFailure`` says what it did wrong. If a term stops the process in `checkReads()`, it accepted models that it
/// cannot work with.
public struct LossTermConformance {
  /// What the term promises for a student that responds exactly as the teacher does.
  public enum Agreement: Sendable {
    /// The loss and its gradient are zero.
    case zero
    /// The gradient is zero, so that no small change reduces the loss.
    case stationary
    /// The term promises nothing.
    case unspecified
  }

  private let term: any LossTerm
  private let task: TaskKind
  private let agreement: Agreement
  private let key: RandomKey
  private let activations: [ActivationKind]
  private static let lengths = [3, 1, 4, 2, 5]

  /// Creates the checks of a term.
  ///
  /// - `agreement`: What the term promises for a student that responds exactly as the teacher does.
  /// - `seed`: The seed of the random responses.
  /// - `activations`: The activations of both models. A term that reads other than the standard ones needs them.
  public init(
    _ term: any LossTerm, task: TaskKind = .classification(labels: ["a", "b", "c"]), atTeacher agreement: Agreement,
    seed: UInt64 = 1, activations: [ActivationKind] = ActivationKind.standard
  ) {
    (self.term, self.task, self.agreement, key) = (term, task, agreement, RandomKey(seed))
    self.activations = activations
  }

  /// Performs all checks.
  ///
  /// - Throws: ``ConformanceFailure``, or any error of the term.
  public func check() throws {
    try checkReads()
    try checkPieces()
    try checkGradients()
    try checkAgreement()
    try checkOrder()
    try checkUnlabelled()
    try checkExtremes()
  }

  private func card(layers: Int, _ change: (inout ModelCard) -> Void = { _ in }) -> ModelCard {
    var card = ModelCard(
      architecture: "bert", layers: layers, heads: 2, width: 4, embeddingWidth: 4, outputs: task.outputs,
      maximumLength: 16,
      vocabulary: "made up", parameters: 1, activations: activations)
    change(&card)
    return card
  }

  func scene(lengths: [Int] = lengths, teacher change: (inout ModelCard) -> Void = { _ in }) throws -> LossScene {
    let models = ModelPair(teacher: card(layers: 4, change), student: card(layers: 2), task: task)
    return try LossScene(term, models, lengths: lengths, key: key)
  }

  /// Checks that the term reads exactly what it declares, and refuses models and data that it cannot work with.
  package func checkReads() throws {
    let scene = try scene()
    let reads = scene.reads
    for activation in reads.teacher { try card(layers: 4).check(activation, of: "teacher") }
    for activation in reads.student { try card(layers: 2).check(activation, of: "student") }
    try require(!reads.student.isEmpty, "the term reads nothing of the student")
    _ = try scene.loss()
    for activation in reads.teacher {
      var poorer = scene
      poorer.teacher = Response(scene.teacher.activations.filter { $0.key != activation })
      try requireRefusal("\(activation) of the teacher is declared but not read", poorer)
    }
    for activation in reads.student {
      var poorer = scene
      poorer.student = Response(scene.student.activations.filter { $0.key != activation })
      try requireRefusal("\(activation) of the student is declared but not read", poorer)
    }

    let alone = ModelPair(teacher: nil, student: card(layers: 2), task: task)
    let learnsAlone = try accepts("a pipeline without a teacher", orThrows: WiringError.self) {
      _ = try LossScene(term, alone, lengths: Self.lengths, key: key)
    }
    try require(
      learnsAlone == reads.teacher.isEmpty,
      reads.teacher.isEmpty
        ? "the term reads no teacher and refuses to do without" : "a pipeline without a teacher is not refused")

    let others: [(String, (inout ModelCard) -> Void)] = [
      ("outputs", { $0.outputs += 2 }), ("heads", { $0.heads += 2 }), ("width", { $0.width += 2 }),
      ("embedding width", { $0.embeddingWidth += 2 }),
    ]
    for (what, change) in others {
      _ = try accepts("a teacher with more \(what)", orThrows: WiringError.self) {
        let loss = try self.scene(teacher: change).loss()
        try require(loss.isFinite, "with a teacher of more \(what) the loss is \(loss.scalar)")
      }
    }
  }

  /// Checks that the same batch has the same loss and gradients if it is evaluated again, and if the student responded to it in
  /// pieces, as with `micro_batch_size`.
  package func checkPieces() throws {
    let scene = try scene()
    let (loss, gradients) = try scene.gradients()
    for pieces in [[0..<5], [0..<2, 2..<4, 4..<5]] {
      let how = pieces.count == 1 ? "again" : "answered in pieces"
      let (other, otherGradients) = try scene.gradients(inPieces: pieces)
      try require(other == loss, "the loss is \(loss); \(how), the same batch has the loss \(other)")
      for (activation, gradient) in gradients where otherGradients[activation]?.values != gradient.values {
        throw ConformanceFailure(description: "\(how), the same batch has another gradient for \(activation)")
      }
    }
  }

  private func requireRefusal(_ message: String, _ scene: LossScene) throws {
    let accepted = try accepts("a missing activation", orThrows: ContractError.self) { _ = try scene.loss() }
    try require(!accepted, message)
  }

  /// Checks that a batch can hold sequences without a target: the gradients are those of the loss, a sequence without a target
  /// can stand anywhere, and the loss is finite if no sequence has one.
  package func checkUnlabelled() throws {
    var scene = try scene()
    for row in [0, 3] { scene.targets[row] = nil }
    try checkGradients(of: scene)
    try checkOrder(of: scene)
    scene.targets = scene.targets.map { _ in nil }
    try requireFinite("a batch without targets", scene)
  }

  /// Checks what the term promises for a student that responds exactly as the teacher does.
  package func checkAgreement() throws {
    guard agreement != .unspecified else { return }
    var scene = try scene()
    for activation in scene.reads.student {
      guard let answer = scene.teacher.activations[scene.counterpart(of: activation)] else {
        throw ConformanceFailure(
          description: "\(activation) of the teacher is not read: there is nothing to agree with")
      }
      scene.student.set(activation, answer)
    }
    let (loss, gradients) = try scene.gradients()
    // Some tens of numbers cancel, each about 1, or 10 if they are divided by a temperature. Each is rounded by 6e-8.
    if agreement == .zero { try require(abs(loss) < 1e-5, "a student equal to its teacher has the loss \(loss)") }
    for (activation, gradient) in gradients {
      // A gradient that is the same for all probabilities of a row has no effect, because a softmax keeps their sum at 1.
      if activation.kind.shape == .attention { continue }
      try require(
        gradient.magnitude < 1e-5,
        "a student equal to its teacher has a gradient of \(gradient.magnitude) with respect to \(activation)")
    }
  }

  /// Checks that the order of the sequences in a batch does not matter.
  package func checkOrder() throws { try checkOrder(of: scene()) }

  private func checkOrder(of scene: LossScene) throws {
    let (loss, gradients) = try scene.gradients()
    let order = [2, 0, 4, 3, 1]
    let reordered = scene.reordered(order)
    let (other, otherGradients) = try reordered.gradients()
    // The same numbers are added in another order, so the sums may differ by rounding.
    try require(abs(loss - other) <= 1e-5 * max(abs(loss), 1), "the loss is \(loss), in another order \(other)")
    for (activation, gradient) in gradients {
      guard let otherGradient = otherGradients[activation] else { continue }
      let pieces = activation.pieces(of: gradient, scene.models.student, scene.lengths)
      let expected = concatenatedRows(order.map { pieces[$0] })
      try require(
        otherGradient.deviation(from: expected) < 1e-4,
        "the gradient with respect to \(activation) depends on the order of the batch")
    }
  }

  /// Checks that loss and gradient are finite for a batch of one sequence, and for responses that are zero, equal, very large or
  /// very small.
  package func checkExtremes() throws {
    let scene = try scene()
    try requireFinite("a batch of one sequence", self.scene(lengths: [3]))
    try requireFinite("a sequence of one token", self.scene(lengths: [1]))
    let extremes: [(String, (Tensor) -> Tensor)] = [
      ("0", { $0 * 0 }), ("10,000 times as large", { $0 * 1e4 }), ("10,000 times as small", { $0 * 1e-4 }),
      ("the same for every sequence", { $0.rows(0..<1).gatheredRows(Array(repeating: 0, count: $0.shape[0])) }),
    ]
    for (what, change) in extremes {
      for (teacherToo, studentToo) in [(true, false), (false, true), (true, true)] {
        var scene = scene
        if teacherToo { scene.teacher = scene.teacher.changed(change) }
        if studentToo { scene.student = scene.student.changed(change) }
        let whose = teacherToo ? (studentToo ? "both models" : "the teacher") : "the student"
        try requireFinite("answers of \(whose) that are \(what)", scene)
      }
    }
  }

  private func requireFinite(_ what: String, _ scene: LossScene) throws {
    let (loss, gradients) = try scene.gradients()
    try require(loss.isFinite, "\(what): the loss is \(loss)")
    for (activation, gradient) in gradients {
      try require(gradient.isFinite, "\(what): the gradient with respect to \(activation) is not finite")
    }
  }
}
