import DistillCore
import Foundation

/// Where a teacher's answers outlive a run, and the digest of that teacher.
public struct AnswerFolder: Sendable {
  let url: URL
  let teacher: String

  public init(_ url: URL, teacher: String) { (self.url, self.teacher) = (url, teacher) }

  /// The digest that names a file: of everything that its contents are a function of, to the bit.
  func fingerprint(_ data: EncodedDataset, _ activations: [Activation]) -> String {
    var digest = SHA256()
    let arithmetic = "\(Compute.instructionSet)\u{0}\(Compute.precision)\u{0}\(Compute.threads)"
    digest.update("\(teacher)\u{0}\(activations)\u{0}\(arithmetic)\u{0}".utf8)
    for sequence in data.sequences {
      for ids in [sequence.ids, sequence.typeIDs] {
        digest.update("\(ids.count)\u{0}".utf8)
        unsafe digest.update(ids.span.bytes)
      }
    }
    return digest.hexDigest
  }

  func file(_ fingerprint: String) -> URL { url.appending(path: "\(fingerprint.prefix(16)).safetensors") }
}

/// A teacher's answers to every example of a dataset, in a file: a tensor `ACTIVATION.FIRST` for each activation and each
/// chunk of consecutive examples.
///
/// What a batch needs is read where it lies. The system keeps in memory what fits there; unlike a mapping, a file that
/// somebody shortens makes a call throw, not the process die.
struct AnswerFile {
  static let chunk = 64
  private let reader: SafetensorsReader
  private let card: ModelCard
  private let lengths: [Int]

  /// - Throws: `FormatError` for a file that is damaged or of another fingerprint.
  init(_ url: URL, fingerprint: String, card: ModelCard, lengths: [Int]) throws {
    (self.card, self.lengths) = (card, lengths)
    reader = try SafetensorsReader(url)
    guard reader.metadata["fingerprint"] == fingerprint else {
      throw FormatError(file: url, "holds another teacher's answers, or answers to other texts")
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
    to url: URL, fingerprint: String, card: ModelCard, lengths: [Int], activations: [Activation],
    ask: @escaping (Range<Int>) throws -> Response
  ) throws {
    var writer = SafetensorsWriter(metadata: ["fingerprint": fingerprint])
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
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
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
