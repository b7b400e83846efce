import DistillCore

/// A frozen teacher that is asked once for each example: its answers are kept, and given again in every epoch.
///
/// All examples are answered before the first step, in their own order, so that no answer depends on which batch met the
/// example first, and a resumed training sees the same bits. Answers to single tokens (hidden states, attention) may be too
/// large to keep: those that do not fit are asked for batch by batch.
final class TeacherMemory {
  private let teacher: any Teacher
  private let data: EncodedDataset
  private let activations: Set<Activation>
  private let tokenWiseBytes: Int
  private let kept: Set<Activation>
  private let observe: (TrainingEvent) -> Void
  /// Of each activation one tensor for each example.
  private var memory: [Activation: [Tensor]]?

  init(
    _ teacher: any Teacher, data: EncodedDataset, activations: Set<Activation>, tokenWiseBytes: Int,
    observe: @escaping (TrainingEvent) -> Void
  ) {
    (self.teacher, self.data, self.observe) = (teacher, data, observe)
    (self.activations, self.tokenWiseBytes) = (activations, tokenWiseBytes)
    kept = Set(Self.kept(of: activations, teacher.card, data, tokenWiseBytes).keys)
  }

  /// What would be kept for a dataset, with its bytes.
  private static func kept(
    of activations: Set<Activation>, _ card: ModelCard, _ data: EncodedDataset, _ tokenWiseBytes: Int
  ) -> [Activation: Int] {
    let lengths = data.sequences.map(\.ids.count)
    let bytes = activations.map { (activation: $0, count: 4 * $0.shape(card, lengths).count) }
    var kept: [Activation: Int] = [:]
    var budget = tokenWiseBytes
    // Small ones first; among equals by name, so that the choice is always the same.
    for (activation, count) in bytes.sorted(by: { ($0.count, "\($0.activation)") < ($1.count, "\($1.activation)") }) {
      if !activation.isPerSequence { budget -= count }
      if activation.isPerSequence || budget >= 0 { kept[activation] = count }
    }
    return kept
  }

  /// Bytes that would be kept for another dataset.
  func bytes(of data: EncodedDataset) -> Int {
    Self.kept(of: activations, teacher.card, data, tokenWiseBytes).values.reduce(0, +)
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
