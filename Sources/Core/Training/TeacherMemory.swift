import DistillCore

/// A frozen teacher that is asked once for each example: its answers are kept, and given again in every epoch.
///
/// All examples are answered before the first step, in their own order, so that no answer depends on which batch met the
/// example first, and a resumed training sees the same bits. Answers to single tokens (hidden states, attention) may be too
/// large to keep: those that do not fit are asked for batch by batch.
final class TeacherMemory {
  private let teacher: any Teacher
  private let data: EncodedDataset
  private let kept: Set<Activation>
  private let observe: (TrainingEvent) -> Void
  /// Of each activation one tensor for each example.
  private var memory: [Activation: [Tensor]]?

  init(
    _ teacher: any Teacher, data: EncodedDataset, activations: Set<Activation>, tokenWiseBytes: Int,
    observe: @escaping (TrainingEvent) -> Void
  ) {
    (self.teacher, self.data, self.observe) = (teacher, data, observe)
    let (card, lengths) = (teacher.card, data.sequences.map(\.ids.count))
    func bytes(_ activation: Activation) -> Int { 4 * activation.shape(card, lengths).count }
    var budget = tokenWiseBytes
    var kept = activations.filter(\.isPerSequence)
    let tokenWise = activations.subtracting(kept)
    // Small ones first; among equals by name, so that the choice is always the same.
    for activation in tokenWise.sorted(by: { (bytes($0), "\($0)") < (bytes($1), "\($1)") }) {
      budget -= bytes(activation)
      if budget >= 0 { kept.insert(activation) }
    }
    self.kept = kept
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
      for activation in remembered {
        guard let answers = memory[activation] else { continue }
        response.set(activation, concatenatedRows(pieces.flatMap { $0.examples.map { answers[$0] } }))
      }
    }
    return response
  }

  private func answerAll() throws -> [Activation: [Tensor]] {
    var memory = Dictionary(uniqueKeysWithValues: kept.map { ($0, [Tensor]()) })
    let batchSize = 64
    for start in stride(from: 0, to: data.count, by: batchSize) {
      let batch = data.batch(start..<min(start + batchSize, data.count))
      let response = try teacher.respond(to: batch, with: kept, pass: .inference)
      let lengths = zip(batch.offsets, batch.offsets.dropFirst()).map { $1 - $0 }
      for activation in kept {
        memory[activation]? += activation.pieces(of: try response[activation], teacher.card, lengths)
      }
      observe(.progress(what: "teacher's answers", done: start + batch.sequenceCount, total: data.count))
    }
    return memory
  }
}
