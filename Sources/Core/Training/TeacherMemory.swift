import DistillCore

/// A frozen teacher that is asked once for each example: its answers to whole sequences are kept, and given again in every epoch.
///
/// All examples are answered before the first step, in their own order, so that no answer depends on which batch met the
/// example first, and a resumed training sees the same bits. Answers to single tokens are too large to keep; they are asked for
/// batch by batch.
final class TeacherMemory {
  private let teacher: any Teacher
  private let data: EncodedDataset
  private let kept: Set<Activation>
  private let observe: (TrainingEvent) -> Void
  private var memory: Response?

  init(
    _ teacher: any Teacher, data: EncodedDataset, activations: Set<Activation>,
    observe: @escaping (TrainingEvent) -> Void
  ) {
    (self.teacher, self.data, self.observe) = (teacher, data, observe)
    kept = activations.filter(\.isPerSequence)
  }

  /// The activations for a batch that comes in consecutive pieces.
  func answers(to pieces: [TokenBatch], with activations: Set<Activation>) throws -> Response {
    let live = activations.subtracting(kept)
    var response = Response()
    if !live.isEmpty {
      response = Response.concatenated(
        try pieces.map { try teacher.respond(to: $0, with: live, pass: .inference).detached })
    }
    let remembered = activations.intersection(kept)
    if !remembered.isEmpty {
      let memory = try memory ?? answerAll()
      self.memory = memory
      let examples = pieces.flatMap { $0.examples.map(Int32.init) }
      for activation in remembered { response.set(activation, try memory[activation].gatheredRows(examples)) }
    }
    return response
  }

  private func answerAll() throws -> Response {
    try DistillTraining.answers(of: teacher, to: data, with: kept) {
      observe(.progress(what: "teacher's answers", done: $0, total: data.count))
    }
  }
}

extension Activation {
  /// Whether it has one row for a sequence, whatever its length.
  fileprivate var isPerSequence: Bool {
    switch self {
    case .logits, .embedding, .classToken: true
    case .hidden, .attention: false
    }
  }
}
