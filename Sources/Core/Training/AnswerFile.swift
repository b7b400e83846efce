import DistillCore
import Foundation

/// Where a teacher's answers outlive a run, and what they depend on.
package struct AnswerFolder: Sendable {
  /// The run's own, which nobody else removes while it goes.
  let own: URL
  /// That of all runs beside each other.
  let shared: URL
  private let teacher: Provenance

  /// - `teacher`: everything that decides about the teacher and what it is asked for.
  package init(own: URL, shared: URL, teacher: Provenance) {
    (self.own, self.shared, self.teacher) = (own, shared, teacher)
  }

  /// Everything that a file's contents are a function of, to the bit.
  func provenance(_ data: EncodedDataset, _ activations: [Activation]) -> Provenance {
    var checksum = Checksum()
    for sequence in data.sequences {
      for ids in [sequence.ids, sequence.typeIDs] {
        checksum.update("\(ids.count) ".utf8)
        unsafe checksum.update(ids.span.bytes)
      }
    }
    var provenance = teacher
    provenance.merge(.arithmetic(Compute.precision))
    provenance["format.answers"] = AnswerFile.format
    provenance["answers.activations"] = "\(activations)"
    provenance["answers.tokens"] = checksum.hexDigest
    return provenance
  }
}

/// A teacher's answers to every example of a dataset, in a file: a tensor `ACTIVATION.FIRST` for each activation and each
/// chunk of consecutive examples.
///
/// What a batch needs is read where it lies. The system keeps in memory what fits there; unlike a mapping, a file that
/// somebody shortens makes a call throw, not the process die.
struct AnswerFile {
  static let chunk = 64
  /// Of the file; part of what names it.
  static let format = "2"
  private let reader: SafetensorsReader
  private let card: ModelCard
  private let lengths: [Int]

  /// - Throws: `FormatError` for a file that is damaged, or holds something else.
  init(_ url: URL, provenance: Provenance, card: ModelCard, lengths: [Int], activations: [Activation]) throws {
    (self.card, self.lengths) = (card, lengths)
    reader = try SafetensorsReader(url)
    try reader.checkSeal()
    guard reader.metadata["provenance"] == provenance.digest else {
      throw FormatError(file: url, "holds another teacher's answers, or answers to other texts")
    }
    for chunk in Self.chunks(lengths.count) {
      for activation in activations {
        let (name, shape) = (Self.name(activation, chunk), activation.shape(card, Array(lengths[chunk])).array)
        guard let info = reader.tensors[name], info.shape == shape, info.dtype == .f32 else {
          throw FormatError(file: url, "holds no answers `\(name)` of shape \(shape)")
        }
      }
    }
  }

  private static func name(_ activation: Activation, _ chunk: Range<Int>) -> String {
    "\(activation).\(chunk.lowerBound)"
  }

  private static func chunks(_ count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: chunk).map { $0..<min($0 + chunk, count) }
  }

  /// Asks for one chunk after the other and writes them down.
  static func write(
    to url: URL, provenance: Provenance, card: ModelCard, lengths: [Int], activations: [Activation],
    ask: @escaping (Range<Int>) throws -> Response
  ) throws {
    var writer = SafetensorsWriter(metadata: ["provenance": provenance.digest], sealed: true)
    var answered: (chunk: Range<Int>, response: Response)?
    for chunk in chunks(lengths.count) {
      for activation in activations {
        let shape = activation.shape(card, Array(lengths[chunk]))
        // Called in this order, so that a chunk is asked for once and only one is held.
        writer.add(name(activation, chunk), shape: shape.array) {
          if answered?.chunk != chunk { answered = (chunk, try ask(chunk)) }
          return try answered?.response[activation].values ?? []
        }
      }
    }
    try FileSystem.makeFolder(url.deletingLastPathComponent())
    try writer.write(to: url)
  }

  /// The answers to some examples, stacked in their order.
  func answers(_ activation: Activation, to examples: [Int]) throws -> Tensor {
    let parts = try examples.map { example in
      let first = example / Self.chunk * Self.chunk
      let chunk = first..<min(first + Self.chunk, lengths.count)
      let shape = activation.shape(card, [lengths[example]])
      let start = example == first ? 0 : activation.shape(card, Array(lengths[first..<example])).count
      let values = try reader.floats(named: Self.name(activation, chunk), start..<start + shape.count)
      return Tensor(values, shape)
    }
    return concatenatedRows(parts)
  }
}
