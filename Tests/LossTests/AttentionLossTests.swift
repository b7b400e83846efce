import DistillAttentionKL
import DistillCore
import DistillMiniLM
import DistillTestKit
import Testing

/// The terms over attention; reference values by Scripts/fixtures/attention_losses_parity.py.
struct AttentionLossTests {
  /// A term, the reference's name for it, and what it is told of the layers.
  private static let terms: [(term: any LossTerm, layers: LayerPair?)] = [
    (AttentionKL(), LayerPair(student: 2, teacher: 4)), (MiniLMRelations(), nil),
    (MiniLMRelations(teacherLayer: 4, studentLayer: 2), nil),
  ]

  private static func activation(_ name: String, _ layer: Int) throws -> Activation {
    try #require(Activation("\(name):\(layer)"))
  }

  private static let models: ModelPair = {
    func card(layers: Int, width: Int) -> ModelCard {
      ModelCard(
        architecture: "made up", layers: layers, heads: 3, width: width, embeddingWidth: width, outputs: 2,
        maximumLength: 16, vocabulary: "made up", parameters: 1)
    }
    return ModelPair(
      teacher: card(layers: 4, width: 12), student: card(layers: 2, width: 6),
      task: .classification(labels: ["a", "b"]))
  }()

  /// Answers to sequences of these lengths. `activations` holds packed tensors by the name of the activation.
  private static func loss(
    _ index: Int, _ lengths: [Int], teacher: [String: Tensor], student: [String: Tensor]
  ) throws -> Tensor {
    func response(_ activations: [String: Tensor], _ layer: Int) throws -> Response {
      var response = Response()
      for (name, tensor) in activations { response.set(try activation(name, layer), tensor) }
      return response
    }
    let sequences = lengths.map {
      TokenSequence(ids: Array(repeating: 0, count: $0), typeIDs: Array(repeating: 0, count: $0))
    }
    return try terms[index].term.loss(
      LossInputs(
        models: models, teacher: try response(teacher, 4), student: try response(student, 2),
        batch: TokenBatch(sequences, examples: Array(lengths.indices)), layers: terms[index].layers))
  }

  /// Three heads of 4 numbers for the teacher, of 2 for the student; four sequences, one of a single token.
  @Test(arguments: terms.indices) func equalsPyTorch(_ index: Int) throws {
    let (reference, name) = (try LossReference("attention-losses"), type(of: Self.terms[index].term).name)
    let activations = name == AttentionKL.name ? ["attention"] : ["attention", "values"]
    func inputs(_ role: String) throws -> [String: Tensor] {
      Dictionary(uniqueKeysWithValues: try activations.map { ($0, try reference["\(name)/\(role)/\($0)"]) })
    }
    let student = try inputs("student").mapValues { $0.variable() }
    let lengths = try reference["lengths"].values.map { Int($0) }
    let loss = try Self.loss(index, lengths, teacher: inputs("teacher"), student: student)
    loss.backward()
    let expected = try reference["\(name)/loss"].scalar
    // The reference is exact to a rounding; here tens of numbers of size 1 are added in Float32 (ε = 6e-8).
    #expect(abs(loss.scalar - expected) < 1e-6 * expected, "\(loss.scalar), expected \(expected)")
    for activation in activations {
      let slopes = try reference["\(name)/gradient/\(activation)"].values
      let gradient = try #require(student[activation]?.gradient).values
      let largest = zip(gradient, slopes).map { abs($0 - $1) }.max() ?? .infinity
      #expect(largest < 2e-6 * (slopes.map(abs).max() ?? 0), "the gradient of \(activation) is off by \(largest)")
    }
  }

  /// A long sequence weighs no more than a short one.
  @Test(arguments: terms.indices) func batchIsTheMeanOfItsSequences(_ index: Int) throws {
    let lengths = [3, 1, 6]
    func inputs(_ length: Int, _ key: RandomKey) -> [String: Tensor] {
      let scores = Tensor(normal: [2 * length, length], standardDeviation: 1, key: key.child("attention"))
      return [
        "attention": scores.softmax().reshaped([scores.count]),
        "values": Tensor(normal: [length, 4], standardDeviation: 1, key: key.child("values")),
      ]
    }
    let teachers = lengths.map { inputs($0, RandomKey(1).child($0)) }
    let students = lengths.map { inputs($0, RandomKey(2).child($0)) }
    func joined(_ parts: [[String: Tensor]]) -> [String: Tensor] {
      parts[0].keys.reduce(into: [:]) { joined, name in
        joined[name] = concatenatedRows(parts.compactMap { $0[name] })
      }
    }
    let together = try Self.loss(index, lengths, teacher: joined(teachers), student: joined(students)).scalar
    let alone = try lengths.indices.map {
      try Self.loss(index, [lengths[$0]], teacher: teachers[$0], student: students[$0]).scalar
    }
    let mean = alone.reduce(0, +) / Float(alone.count)
    #expect(alone[1] == 0)  // one token attends to itself
    #expect(abs(together - mean) < 1e-6 * mean, "\(together), one by one \(alone)")
  }

  @Test func conform() throws {
    try LossTermConformance(AttentionKL(), atTeacher: .zero).check()
    try LossTermConformance(MiniLMRelations(), atTeacher: .zero).check()
    try LossTermConformance(MiniLMRelations(teacherLayer: 3, studentLayer: 1), atTeacher: .unspecified).check()
  }

  @Test(arguments: terms.indices) func headsMustMatchAndWidthsNeedNot(_ index: Int) throws {
    func card(layers: Int, heads: Int, width: Int) -> ModelCard {
      ModelCard(
        architecture: "bert", layers: layers, heads: heads, width: width, embeddingWidth: width, outputs: 2,
        maximumLength: 16, vocabulary: "made up", parameters: 1)
    }
    let task = TaskKind.classification(labels: ["no", "yes"])
    let (term, layers) = Self.terms[index]
    let student = card(layers: 2, heads: 4, width: 8)
    let others = ModelPair(teacher: card(layers: 4, heads: 12, width: 24), student: student, task: task)
    let refusal = #expect(throws: WiringError.self) { try term.reads(others, at: layers) }
    let message = try #require(refusal?.description)
    #expect(message.contains("12 heads") && message.contains("student's 4"), "\(message)")
    let wider = ModelPair(teacher: card(layers: 4, heads: 4, width: 24), student: student, task: task)
    let reads = try term.reads(wider, at: layers)
    #expect(reads.teacher.contains(.attention(layer: 4)) && reads.student.contains(.attention(layer: 2)))
  }
}
