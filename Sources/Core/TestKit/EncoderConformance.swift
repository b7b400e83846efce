import DistillCore
import Foundation
import Synchronization

/// Checks that an encoder does what every encoder must do:
///
/// ```swift
/// try EncoderConformance(encoder, sequences: sequences) { try MyRecipe().loadStudent(from: $0, in: context) }.check()
/// ```
///
/// If it is given a student, it checks the student's model, and that the student can be trained and frozen.
public struct EncoderConformance {
  private let encoder: any TextEncoder
  private var student: (any Student)?
  private let sequences: [TokenSequence]
  private let load: (URL) throws -> any TextEncoder
  private var card: ModelCard { encoder.card }
  private var lengths: [Int] { sequences.map(\.ids.count) }

  /// Creates the checks of an encoder.
  ///
  /// - `sequences`: The inputs of the encoder. There must be at least two, and their lengths should differ.
  /// - `load`: Returns an encoder read from a folder to which this encoder was written.
  public init(
    _ encoder: any TextEncoder, sequences: [TokenSequence], load: @escaping (URL) throws -> any TextEncoder
  ) {
    precondition(sequences.count > 1, "a batch of two sequences or more")
    (self.encoder, self.sequences, self.load) = (encoder, sequences, load)
  }

  /// Creates the checks of a student and its model, with the same arguments.
  ///
  /// - Throws: Any error of the student's `model()`.
  public init(
    _ student: any Student, sequences: [TokenSequence], load: @escaping (URL) throws -> any TextEncoder
  ) throws {
    self.init(try student.model(), sequences: sequences, load: load)
    self.student = student
  }

  /// Performs all checks.
  ///
  /// - Throws: `ConformanceFailure`, or any error of the encoder.
  public func check() throws {
    try checkActivations()
    try checkPacking()
    try checkWriting()
    try checkRefusals()
    try checkSharing()
    if let student { try checkTraining(of: student) }
  }

  private func batch(_ sequences: [TokenSequence]) -> TokenBatch {
    TokenBatch(sequences, examples: Array(sequences.indices))
  }

  private func answer(_ activations: Set<Activation>) throws -> Response {
    try encoder.respond(to: batch(sequences), with: activations)
  }

  /// Checks that a response contains exactly the requested activations in their shapes, and that no activation depends on which
  /// others are requested.
  package func checkActivations() throws {
    let all = Set(Activation.all(of: card))
    let together = try answer(all)
    let came = Set(together.activations.keys)
    try require(came == all, "of all \(all.count) activations \(came.count) came")
    try require(try answer([]).activations.isEmpty, "activations came that nobody asked for")
    for activation in all {
      let alone = try answer([activation])
      try require(
        Set(alone.activations.keys) == [activation], "asked for \(activation), \(Array(alone.activations.keys)) came")
      let (tensor, other) = (try alone[activation], try together[activation])
      let shape = activation.shape(card, lengths)
      try require(tensor.shape == shape, "\(activation) is \(tensor.shape), not \(shape)")
      try require(tensor.isFinite, "\(activation) is not finite")
      try require(!tensor.requiresGradient, "\(activation) has a way back, and a model is not trained")
      // A product of fewer rows may add in another order, so the results may differ by rounding.
      let deviation = tensor.deviation(from: other)
      try require(deviation < 1e-5, "\(activation) alone differs by \(deviation) from \(activation) among all")
    }
  }

  /// Checks that gradients flow through every response of a student, that dropout masks are functions of the key, and that
  /// training does not change a model.
  private func checkTraining(of student: any Student) throws {
    let all = Set(Activation.all(of: card))
    func learn() throws -> Response {
      try student.respond(to: batch(sequences), with: all, dropout: RandomKey(1))
    }
    let (recorded, again, before) = (try learn(), try learn(), try answer(all))
    for activation in all {
      try require(try recorded[activation].requiresGradient, "\(activation) of the student has no way back")
      try require(
        try recorded[activation].values == again[activation].values, "\(activation) is another with the same key")
    }
    let last = batch(sequences).slice(1..<sequences.count)
    let part = try student.respond(to: last, with: all, dropout: RandomKey(1))
    for activation in all {
      let whole = activation.pieces(of: try recorded[activation].detached, card, lengths).dropFirst()
      for (expected, piece) in zip(
        whole, activation.pieces(of: try part[activation].detached, card, Array(lengths.dropFirst())))
      {
        try require(
          piece.deviation(from: expected) < 1e-5,
          "\(activation) has other dropout masks in a part of the batch than in the whole batch")
      }
    }
    let values = student.parameters.snapshot
    student.parameters.snapshot = values.map { 0.5 * $0 }
    defer { student.parameters.snapshot = values }
    let (after, halved) = (try answer(all), try student.model().respond(to: batch(sequences), with: all))
    for activation in all {
      try require(
        try before[activation].values == after[activation].values, "training changed \(activation) of a model")
    }
    try require(
      try all.contains { try halved[$0].values != before[$0].values }, "the student's parameters are not its model's")
  }

  /// Checks that an encoder gives the same numbers when several threads use it at once.
  package func checkSharing() throws {
    let all = Set(Activation.all(of: card))
    let expected = try answer(all).activations.mapValues(\.values)
    let (encoder, batch) = (encoder, batch(sequences))
    let wrong = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      let answer = try? encoder.respond(to: batch, with: all).activations.mapValues(\.values)
      for (activation, values) in expected where answer?[activation] != values {
        wrong.withLock { $0.append("\(activation)") }
      }
    }
    let names = Set(wrong.withLock { $0 }).sorted().joined(separator: ", ")
    try require(names.isEmpty, "asked by several threads at once, it gives other numbers for \(names)")
  }

  /// Checks that a sequence has the same response in a batch as alone.
  package func checkPacking() throws {
    let all = Set(Activation.all(of: card))
    let packed = try answer(all)
    for activation in all {
      let pieces = activation.pieces(of: try packed[activation], card, lengths)
      for (sequence, piece) in zip(sequences, pieces) {
        let alone = try encoder.respond(to: batch([sequence]), with: [activation])[activation]
        // Products of matrices with another number of rows add in another order.
        let deviation = alone.deviation(from: piece)
        try require(
          deviation < 1e-5,
          "\(activation) of a sequence of \(sequence.ids.count) tokens differs by \(deviation) in a batch")
      }
    }
  }

  /// Checks that an encoder that was written and loaded gives the same numbers to the last bit.
  package func checkWriting() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "encoder-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try encoder.write(to: folder)
    let loaded = try load(folder)
    try require(loaded.card == card, "\(card) is \(loaded.card) after writing and loading")
    let all = Set(Activation.all(of: card))
    let (before, after) = (
      try answer(all), try loaded.respond(to: batch(sequences), with: all)
    )
    for activation in all where try before[activation].values != after[activation].values {
      throw ConformanceFailure(description: "\(activation) is another after writing and loading")
    }
  }

  /// Checks that an encoder throws a `ContractError` for what it cannot answer.
  package func checkRefusals() throws {
    func refuses(_ what: String, _ sequences: [TokenSequence], _ activation: Activation = .logits) throws {
      let accepted = try accepts(what, orThrows: ContractError.self) {
        _ = try encoder.respond(to: batch(sequences), with: [activation])
      }
      try require(!accepted, "\(what) is not refused")
    }
    func sequence(_ id: Int32, _ count: Int) -> TokenSequence {
      TokenSequence(ids: Array(repeating: id, count: count), typeIDs: Array(repeating: 0, count: count))
    }
    try refuses("a sequence of \(card.maximumLength + 1) tokens", [sequence(0, card.maximumLength + 1)])
    try refuses("an empty sequence", sequences + [sequence(0, 0)])
    try refuses("the id -1", [sequence(-1, 2)])
    try refuses("an id far beyond the vocabulary", [sequence(.max, 2)])
    for kind in card.activations {
      guard let first = kind.firstLayer else { continue }
      for layer in [-1, first - 1, card.layers + 1] {
        try refuses("\(kind.name):\(layer)", sequences, Activation(kind, layer: layer))
      }
    }
    let foreign = ActivationKind("nobody's", .perToken(.width), firstLayer: 0)
    try refuses("an activation that its card does not list", sequences, Activation(foreign, layer: 1))
  }
}
