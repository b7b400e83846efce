import DistillBERT
import DistillCore
import DistillTestKit
import Foundation
import Testing

struct ActivationTests {
  static let models = ["teacher", "student", "gelu_new", "relu"]

  /// Every activation against `transformers`, whose batch is padded and masked.
  @Test(arguments: models) func equalsTransformers(_ name: String) throws {
    let fixture = try Fixture()
    let encoder = try Fixture.model(name)
    let sequences = try fixture.sequences("batch")
    let batch = TokenBatch(sequences, examples: Array(sequences.indices))
    let activations = try fixture.names("\(name)/").map { try #require(Activation($0)) }
    #expect(activations.count == 4 + 4 * encoder.card.layers)
    let response = try encoder.respond(to: batch, with: Set(activations))
    for activation in activations {
      // The reference is exact to a rounding. A layer adds some tens of products in Float32 (ε = 6e-8) a few times over.
      let deviation = try response[activation].deviation(from: fixture["\(name)/\(activation)"])
      #expect(deviation < 2e-5, "\(activation)")
    }
  }

  @Test(arguments: models, Readout.allCases) func conforms(_ name: String, _ readout: Readout) throws {
    try EncoderConformance(
      Fixture.student(Fixture.url(name), readout: readout), sequences: Fixture().sequences("batch")
    ) {
      var recipe = BERTStudent()
      recipe.readout = readout
      return try recipe.loadStudent(from: $0, in: Fixture.context)
    }.check()
  }

  /// Logits from the [CLS] rows of the last layer alone, and from all rows: values and gradients.
  @Test(arguments: ["teacher", "relu"]) func theClassTokenAloneIsEnough(_ name: String) throws {
    let encoder = try Fixture.withCopy(of: name) { folder in
      try withoutDropout(folder)
      return try Fixture.student(folder)
    }
    let sequences = try Fixture().sequences("batch")
    let batch = TokenBatch(sequences, examples: Array(sequences.indices))
    let weights = Tensor(normal: [sequences.count, 3], standardDeviation: 1, key: RandomKey(2))
    func run(_ activations: Set<Activation>) throws -> (Tensor, [String: Tensor]) {
      encoder.parameters.clearGradients()
      let response = try encoder.respond(to: batch, with: activations, dropout: RandomKey(3))
      let logits = try response[.logits]
      (logits * weights).sum().backward()
      return (logits.detached, gradients(of: encoder.parameters))
    }
    let short = try run([.logits])
    let full = try run([.logits, .hidden(layer: encoder.card.layers)])
    // The same products, of other numbers of rows.
    #expect(short.0.deviation(from: full.0) < 1e-5)
    let worst = deviation(short.1, from: full.1)
    #expect(worst.value < 1e-5, "\(worst.name)")
  }

  /// softmax(Q Kᵀ/√d) of BERT's own activations is its attention.
  @Test func queriesAndKeysMakeTheAttention() throws {
    let encoder = try Fixture.model("teacher")
    let sequence = try Fixture().sequences("batch")[0]
    let response = try encoder.respond(
      to: TokenBatch([sequence], examples: [0]), with: [.queries(layer: 2), .keys(layer: 2), .attention(layer: 2)])
    let (queries, keys) = (try response[.queries(layer: 2)], try response[.keys(layer: 2)])
    let width = encoder.card.width / encoder.card.heads
    let heads = (0..<encoder.card.heads).map { head in
      let columns = head * width..<(head + 1) * width
      return softmax(
        matmul(queries.columns(columns), keys.columns(columns), transposeB: true) / Float(width).squareRoot())
    }
    // Products of some ten numbers, added in another order.
    #expect(
      try concatenatedRows(heads).reshaped([heads.count * heads[0].count]).deviation(
        from: response[.attention(layer: 2)]) < 1e-5)
  }

  /// A term of somebody else on an activation that the core does not know.
  private struct QueryMSE: LossTerm {
    static let name = "query-mse"
    static let summary = "Squared error between the queries of mapped layers."
    /// The same kind, defined again, as whoever cannot import the encoder would.
    static let queries = ActivationKind("queries", .perToken(.width), firstLayer: 1)
    var scope: LossScope { .layer }
    mutating func options(_ visit: inout OptionVisitor) {}
    func reads(_ models: ModelPair, at layers: LayerPair?) throws -> Reads {
      try models.reads({ Activation(Self.queries, layer: $0) }, at: layers, anyWidth: false)
    }
    func loss(_ inputs: LossInputs) throws -> Tensor {
      let (student, teacher) = try inputs.states { Activation(Self.queries, layer: $0) }
      return meanSquaredError(student, teacher)
    }
  }

  @Test func aTermMayReadWhatTheCoreDoesNotKnow() throws {
    try LossTermConformance(QueryMSE(), atTeacher: .zero, activations: BERTEncoder.activations).check()
    let encoder = try Fixture.student("student")
    let pair = ModelPair(teacher: encoder.card, student: encoder.card, task: Fixture.task)
    let layers = LayerPair(student: 1, teacher: 2)
    let reads = try QueryMSE().reads(pair, at: layers)
    for activation in reads.student { try encoder.card.check(activation, of: "student") }
    let sequences = try Fixture().sequences("step")
    let batch = TokenBatch(sequences, examples: Array(sequences.indices))
    let loss = try QueryMSE().loss(
      LossInputs(
        models: pair, teacher: encoder.model().respond(to: batch, with: reads.teacher),
        student: encoder.respond(to: batch, with: reads.student, dropout: RandomKey(1)), batch: batch,
        layers: layers))
    loss.backward()
    let gradient = try #require(gradients(of: encoder.parameters)["bert.encoder.layer.0.attention.self.query.weight"])
    #expect(loss.scalar > 0 && gradient.magnitude > 0)
  }

  @Test func anActivationThatAModelDoesNotHaveIsRefused() throws {
    var card = try Fixture.student("student").card
    func refusal(_ activation: Activation) -> String? {
      #expect(throws: WiringError.self) { try card.check(activation, of: "student") }?.description
    }
    let other = ActivationKind("queries", .perSequence(.width), firstLayer: 1)
    #expect(
      refusal(Activation(other, layer: 1))
        == "queries:1 is read as queries [B, H], layers from 1, and the student has queries [N, H], layers from 1")
    #expect(refusal(.queries(layer: 9)) == "queries:9 does not exist: the student has \(card.layers) layers")
    #expect(refusal(.queries(layer: 0)) == "queries:0 does not exist: the student's layers count from 1")
    card.activations = ActivationKind.standard
    #expect(
      refusal(.queries(layer: 1))?.hasPrefix("queries:1 does not exist: the student, a bert, has logits,") == true)
    #expect(Activation("queries:1") == nil)
    #expect(Activation("queries:1", among: BERTEncoder.activations) == .queries(layer: 1))
    #expect(Activation("queries", among: BERTEncoder.activations) == nil)
  }

  private func withoutDropout(_ folder: URL) throws {
    let file = folder.appending(path: "config.json")
    let text = try String(contentsOf: file, encoding: .utf8).replacing("_prob\": 0.1", with: "_prob\": 0.0")
    try Data(text.utf8).write(to: file)
  }
}
