import DistillBERT
import DistillCore
import DistillDistilBERT
import DistillELECTRA
import DistillMPNet
import DistillRoBERTa
import Foundation
import TestSupport
import Testing

/// The plugins of an architecture, whose types are only known where a value is created.
struct Kind: Sendable, CustomTestStringConvertible {
  let name: String
  let student: @Sendable (_ folder: URL, _ readout: Readout?, _ layers: [Int]?) throws -> any Student
  let load: @Sendable (_ folder: URL) throws -> any TextEncoder
  /// Returns the reason why a teacher from this folder is refused before anything runs.
  let check: @Sendable (_ folder: URL) throws -> Void
  let makeTeacher: @Sendable (_ folder: URL) throws -> any TextEncoder
  /// Returns the encoder of a folder with another readout and a classifier of random weights.
  let random: @Sendable (_ folder: URL, _ readout: Readout, _ pairs: PairReading) throws -> any TextEncoder
  let architecture: EncoderArchitecture
  let compiled: [CompiledPlugin]
  var testDescription: String { name }

  static let task = TaskKind.classification(labels: ["negative", "neutral", "positive"])
  static let context = PipelineContext(task: task, maximumLength: 32, key: RandomKey(1))

  init<Architecture: NamedArchitecture>(_: Architecture.Type) {
    name = Architecture.name
    student = { folder, readout, layers in
      var recipe = EncoderStudent<Architecture>()
      recipe.checkpoint = OptionPath(folder.path)
      (recipe.readout, recipe.layers) = (readout, layers)
      return try recipe.makeStudent(in: Kind.context, teacher: nil, nil)
    }
    load = { try EncoderStudent<Architecture>().loadStudent(from: $0, in: Kind.context) }
    check = { folder in
      let recipe = EncoderTeacher<Architecture>(checkpoint: folder)
      _ = try recipe.card(in: Kind.context)
      try recipe.check(in: Kind.context)
    }
    makeTeacher = { try TransformerEncoder($0, Architecture.architecture) }
    self.architecture = Architecture.architecture
    random = { folder, readout, pairs in
      var recipe = EncoderStudent<Architecture>()
      recipe.checkpoint = OptionPath(folder.path)
      (recipe.readout, recipe.pairs, recipe.classifier) = (readout, pairs, .fresh)
      let context = PipelineContext(task: Kind.task, hasPairs: true, maximumLength: 32, key: RandomKey(5))
      return try recipe.makeStudent(in: context, teacher: nil, nil).model()
    }
    compiled = [
      CompiledPlugin(kind: "teacher", name: name, type: EncoderTeacher<Architecture>.self),
      CompiledPlugin(kind: "student", name: name, type: EncoderStudent<Architecture>.self),
    ]
  }

  static let all: [Kind] = [
    Kind(BERT.self), Kind(DistilBERT.self), Kind(RoBERTa.self), Kind(XLMRoBERTa.self), Kind(CamemBERT.self),
    Kind(MPNet.self), Kind(ELECTRA.self),
  ]

  /// Returns the kind that reads a fixture, whose name begins with it.
  static func of(_ fixture: String) throws -> Kind {
    try #require(all.filter { fixture.hasPrefix($0.name) }.max { $0.name.count < $1.name.count })
  }
}

/// What `transformers` answers; by Scripts/fixtures/encoder_parity.py.
struct Answers {
  private let file: SafetensorsReader

  init(_ name: String) throws { file = try SafetensorsReader(Self.url("\(name).safetensors")) }

  static func url(_ name: String) throws -> URL {
    try #require(Bundle.module.resourceURL).appending(path: "Fixtures").appending(path: name)
  }

  subscript(name: String) -> Tensor {
    get throws {
      Tensor(try file.floats(named: name), Shape(try #require(file.tensors[name], "the fixture has no \(name)").shape))
    }
  }

  /// What the names that begin with a prefix go on with.
  func names(_ prefix: String) -> [String] {
    file.names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }

  /// The activations that the file holds.
  func activations() -> [Activation] { file.names.compactMap { Activation($0) } }

  func sequences() throws -> [TokenSequence] {
    let (ids, types) = (try self["batch/ids"].values, try self["batch/types"].values)
    var start = 0
    return try self["batch/lengths"].values.map { length in
      defer { start += Int(length) }
      let range = start..<start + Int(length)
      return TokenSequence(ids: ids[range].map { Int32($0) }, typeIDs: types[range].map { Int32($0) })
    }
  }

  func batch() throws -> TokenBatch {
    let sequences = try sequences()
    return TokenBatch(sequences, examples: Array(sequences.indices))
  }
}

/// A copy of a fixture's folder, removed afterwards.
func withCopy<Result>(of name: String, _ body: (URL) throws -> Result) throws -> Result {
  try TemporaryFolder.with { folder in
    let copy = folder.appending(path: name)
    try FileManager.default.copyItem(at: Answers.url(name), to: copy)
    return try body(copy)
  }
}

/// Replaces text in a file.
func edit(_ file: URL, _ old: String, _ new: String) throws {
  let text = try String(contentsOf: file, encoding: .utf8)
  #expect(text.contains(old), "\(file.lastPathComponent) lacks \(old)")
  try Data(text.replacing(old, with: new).utf8).write(to: file)
}
