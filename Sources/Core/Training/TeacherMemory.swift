import DistillCore
import Foundation

/// A frozen teacher that computes the answer to each example only once. The answers are kept and used again in every epoch.
///
/// All examples are answered before the first step, in their own order. An answer therefore does not depend on the batch in
/// which the example comes first, and a resumed training sees the same bits. Answers for single tokens (hidden states,
/// attention) can be too large to keep. Those that exceed the budget are computed batch by batch.
///
/// If there is a folder, the answers are kept in a file, which another training with the same teacher and the same texts can
/// use.
final class TeacherMemory {
  private let teacher: any Teacher
  private let data: EncodedDataset
  private let activations: Set<Activation>
  private let tokenWiseBytes: Int
  private let kept: Set<Activation>
  private let folder: AnswerFolder?
  private let observe: (TrainingEvent) -> Void
  private var memory: Memory?

  private enum Memory {
    /// For each activation, one tensor for each example.
    case tensors([Activation: [Tensor]])
    case file(AnswerFile)
  }

  init(
    _ teacher: any Teacher, data: EncodedDataset, activations: Set<Activation>, tokenWiseBytes: Int,
    folder: AnswerFolder?, observe: @escaping (TrainingEvent) -> Void
  ) {
    (self.teacher, self.data, self.folder, self.observe) = (teacher, data, folder, observe)
    (self.activations, self.tokenWiseBytes) = (activations, tokenWiseBytes)
    kept = Set(Self.kept(of: activations, teacher.card, data, tokenWiseBytes).keys)
  }

  /// Returns the activations that would be kept for a dataset, with their sizes in bytes.
  private static func kept(
    of activations: Set<Activation>, _ card: ModelCard, _ data: EncodedDataset, _ tokenWiseBytes: Int
  ) -> [Activation: Int] {
    let lengths = data.sequences.map(\.ids.count)
    let bytes = activations.map { (activation: $0, count: 4 * $0.shape(card, lengths).count) }
    var kept: [Activation: Int] = [:]
    var budget = tokenWiseBytes
    // Small activations come first, so that as many as possible are kept. The name decides between equal ones, so that the
    // choice is always the same.
    for (activation, count) in bytes.sorted(by: { ($0.count, "\($0.activation)") < ($1.count, "\($1.activation)") }) {
      if !activation.isPerSequence { budget -= count }
      if activation.isPerSequence || budget >= 0 { kept[activation] = count }
    }
    return kept
  }

  /// Returns the number of bytes that would be kept for another dataset.
  func bytes(of data: EncodedDataset) -> Int {
    Self.kept(of: activations, teacher.card, data, tokenWiseBytes).values.reduce(0, +)
  }

  /// Returns the activations for a batch that is given as consecutive pieces.
  func answers(to pieces: [TokenBatch], with activations: Set<Activation>) throws -> Response {
    let live = activations.subtracting(kept)
    var response = Response()
    if !live.isEmpty {
      response = Response.concatenated(
        try pieces.map { try teacher.respond(to: $0, with: live) })
    }
    let remembered = activations.intersection(kept)
    if !remembered.isEmpty {
      let memory = try memory ?? (folder.map { .file(try file(in: $0)) } ?? .tensors(try answerAll()))
      self.memory = memory
      let examples = pieces.flatMap(\.examples)
      for activation in remembered {
        switch memory {
        case .file(let file): response.set(activation, try file.answers(activation, to: examples))
        case .tensors(let tensors):
          guard let answers = tensors[activation] else { continue }
          response.set(activation, concatenatedRows(examples.map { answers[$0] }))
        }
      }
    }
    return response
  }

  private func ask(_ examples: Range<Int>) throws -> Response {
    let response = try teacher.respond(to: data.batch(examples), with: kept)
    observe(.progress(what: "teacher's answers", done: examples.upperBound, total: data.count))
    return response
  }

  private func answerAll() throws -> [Activation: [Tensor]] {
    var memory = Dictionary(uniqueKeysWithValues: kept.map { ($0, [Tensor]()) })
    for start in stride(from: 0, to: data.count, by: AnswerFile.chunk) {
      let examples = start..<min(start + AnswerFile.chunk, data.count)
      let response = try ask(examples)
      let lengths = data.sequences[examples].map(\.ids.count)
      for activation in kept {
        memory[activation]? += activation.pieces(of: try response[activation], teacher.card, lengths)
      }
    }
    return memory
  }

  /// Returns the file of an earlier training if there is one. Otherwise writes a new file and shares it with other runs.
  private func file(in folder: AnswerFolder) throws -> AnswerFile {
    let activations = kept.sorted { "\($0)" < "\($1)" }
    let lengths = data.sequences.map(\.ids.count)
    let provenance = folder.provenance(data, activations, ofTexts: teacher.card.readsTexts)
    func open(_ url: URL) throws -> AnswerFile {
      try AnswerFile(
        url, provenance: provenance, card: teacher.card, lengths: lengths, activations: activations)
    }
    let cache = SharedCache(folder.shared, observe: observe)
    let name = "\(provenance.name).safetensors"
    let own = folder.own.appending(path: name)
    if FileManager.default.fileExists(atPath: own.path) {  // written before this run was stopped
      do {
        let file = try open(own)
        cache.share(own, as: name)
        return file
      } catch { observe(.note("made again: \(error)")) }
    }
    return try cache.alone(name) {
      if let file = cache.find(name, open) {
        observe(.note("teacher's answers: given before, in \(cache.url(name).path)"))
        return file
      }
      try AnswerFile.write(
        to: own, provenance: provenance, card: teacher.card, lengths: lengths, activations: activations, ask: ask)
      cache.share(own, as: name)
      return try open(own)
    }
  }
}
