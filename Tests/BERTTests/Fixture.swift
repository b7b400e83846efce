import DistillBERT
import DistillCore
import DistillSupervisedContrastiveHead
import DistillTraining
import Foundation
import TestSupport
import Testing

/// Models and answers that `transformers` wrote; by Scripts/fixtures/bert_parity.py.
struct Fixture {
  static let task = TaskKind.classification(labels: ["negative", "neutral", "positive"])
  static let context = PipelineContext(task: task, maximumLength: 32, key: RandomKey(1))

  /// all-MiniLM-L6-v2, in `models` or named by `DISTILL_MINILM`.
  static let miniLM: URL? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let named = ProcessInfo.processInfo.environment["DISTILL_MINILM"].map { URL(filePath: $0) }
    return [named, root.appending(path: "models/all-MiniLM-L6-v2")].compactMap { $0 }
      .first { FileManager.default.fileExists(atPath: $0.appending(path: "model.safetensors").path) }
  }()

  private let file: SafetensorsReader

  init(_ name: String = "expected") throws { file = try SafetensorsReader(Self.url("\(name).safetensors")) }

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

  /// The sequences of `batch` or `step`.
  func sequences(_ name: String) throws -> [TokenSequence] {
    let (ids, types) = (try self["\(name)/ids"].values, try self["\(name)/types"].values)
    var start = 0
    return try self["\(name)/lengths"].values.map { length in
      defer { start += Int(length) }
      let range = start..<start + Int(length)
      return TokenSequence(ids: ids[range].map { Int32($0) }, typeIDs: types[range].map { Int32($0) })
    }
  }

  func data(_ name: String) throws -> TaskData {
    let sequences = try sequences(name)
    let definition = try TaskDefinition.generic(
      RowLayout(.jsonl, text: "text", target: "label"), labels: ["negative", "neutral", "positive"])
    return TaskData(
      task: definition,
      training: EncodedDataset(sequences: sequences, targets: sequences.indices.map { .label($0 % 3) }),
      validation: nil)
  }

  static func student(
    _ folder: URL, readout: Readout? = nil, in context: PipelineContext = context
  ) throws -> any Student {
    var recipe = BERTStudent()
    recipe.checkpoint = OptionPath(folder.path)
    recipe.readout = readout
    return try recipe.makeStudent(in: context, teacher: nil, nil)
  }

  static func student(_ name: String) throws -> any Student { try student(url(name)) }

  static func model(
    _ folder: URL, readout: Readout? = nil, in context: PipelineContext = context
  ) throws -> any TextEncoder {
    try student(folder, readout: readout, in: context).model()
  }

  static func model(_ name: String) throws -> any TextEncoder { try model(url(name)) }

  /// The teacher with its fixed head.
  static func teacherWithHead() throws -> any Teacher {
    var recipe = SupervisedContrastiveHead()
    recipe.base = BERTTeacher()
    recipe.width = 24
    return try recipe.loadTeacher(from: url("teacher"), in: context)
  }

  /// A copy of a model's folder, removed afterwards.
  static func withCopy<Result>(of name: String, _ body: (URL) throws -> Result) throws -> Result {
    try TemporaryFolder.with { folder in
      let copy = folder.appending(path: name)
      try FileManager.default.copyItem(at: url(name), to: copy)
      return try body(copy)
    }
  }
}

/// The gradients of all parameters, by name.
func gradients(of store: ParameterStore) -> [String: Tensor] {
  Dictionary(uniqueKeysWithValues: store.parameters.map { ($0.name, Tensor($0.gradient.values, $0.shape)) })
}

/// The largest deviation among gradients, each as a share of its own size, or of a thousandth of the largest of all where it
/// is smaller. A bias of keys changes no softmax and has no gradient but roundings: it is measured by the largest of all.
func deviation(_ found: [String: Tensor], from expected: [String: Tensor]) -> (value: Float, name: String) {
  let largest = expected.values.map(\.magnitude).max() ?? 0
  return found.map { name, tensor in
    let floor = name.hasSuffix("self.key.bias") ? largest : largest / 1000
    return (expected[name].map { tensor.deviation(from: $0, floor: floor) } ?? .infinity, name)
  }.max { $0.0 < $1.0 } ?? (.infinity, "nothing")
}
