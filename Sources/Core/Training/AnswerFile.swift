import DistillCore
import Foundation

/// The folders in which a teacher's answers are kept, and the provenance of the teacher.
package struct AnswerFolder: Sendable {
  /// The folder of this run, which no other run changes.
  let own: URL
  /// The folder that this run shares with the runs next to it.
  let shared: URL
  private let teacher: Provenance

  /// Creates the description of the folders.
  ///
  /// - `teacher`: Everything that the teacher and the data it answers depend on.
  package init(own: URL, shared: URL, teacher: Provenance) {
    (self.own, self.shared, self.teacher) = (own, shared, teacher)
  }

  /// Returns everything that the contents of a file of answers depend on, down to the last bit.
  func provenance(_ data: EncodedDataset, _ activations: [Activation], ofTexts readsTexts: Bool) -> Provenance {
    var checksum = Checksum()
    for text in readsTexts ? data.texts ?? [] : [] {
      for part in [text.text, text.pair ?? ""] { checksum.update("\(part.utf8.count) \(part)".utf8) }
    }
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

/// A file with a teacher's answers to every example of a dataset. It has one tensor `ACTIVATION.FIRST` for each activation and
/// each chunk of consecutive examples, where FIRST is the index of the first example.
///
/// A batch reads only the parts of the file that it needs, and the system caches what fits in memory. The file is not mapped
/// into memory: if another process shortens it, a read then throws an error instead of ending the process.
struct AnswerFile {
  /// The number of examples in a chunk.
  static let chunk = 64
  /// The version of the file format, which is part of the provenance.
  static let format = "2"
  private let reader: SafetensorsReader
  private let card: ModelCard
  private let lengths: [Int]

  /// Opens a file.
  ///
  /// - Throws: `FormatError` if the file is damaged or contains other answers.
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

  /// Computes the answers one chunk at a time and writes them to a file.
  static func write(
    to url: URL, provenance: Provenance, card: ModelCard, lengths: [Int], activations: [Activation],
    ask: @escaping (Range<Int>) throws -> Response
  ) throws {
    var writer = SafetensorsWriter(metadata: ["provenance": provenance.digest], sealed: true)
    var answered: (chunk: Range<Int>, response: Response)?
    for chunk in chunks(lengths.count) {
      for activation in activations {
        let shape = activation.shape(card, Array(lengths[chunk]))
        // The writer calls these closures in the order in which they are added. Each chunk is therefore computed once, and only
        // one is in memory at a time.
        writer.add(name(activation, chunk), shape: shape.array) {
          if answered?.chunk != chunk { answered = (chunk, try ask(chunk)) }
          return try answered?.response[activation].values ?? []
        }
      }
    }
    try FileSystem.makeFolder(url.deletingLastPathComponent())
    try writer.write(to: url)
  }

  /// Returns the answers to some examples, stacked in the given order.
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
