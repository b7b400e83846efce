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
    let encoder = try Fixture.student(name)
    let sequences = try fixture.sequences("batch")
    let batch = TokenBatch(sequences, examples: Array(sequences.indices))
    let activations = try fixture.names("\(name)/").map { try #require(Activation($0)) }
    #expect(activations.count == 4 + 4 * encoder.card.layers)
    let response = try encoder.respond(to: batch, with: Set(activations), pass: .inference)
    for activation in activations {
      // The reference is exact to a rounding. A layer adds some tens of products in Float32 (ε = 6e-8) a few times over.
      let deviation = try response[activation].deviation(from: fixture["\(name)/\(activation)"])
      #expect(deviation < 2e-5, "\(activation)")
    }
  }

  @Test(arguments: models, SequenceEmbedding.allCases) func conforms(_ name: String, _ embedding: SequenceEmbedding)
    throws
  {
    try EncoderConformance(
      Fixture.student(Fixture.url(name), embedding: embedding), sequences: Fixture().sequences("batch")
    ) {
      var recipe = BERTStudent()
      recipe.embedding = embedding
      return try recipe.loadStudent(from: $0, in: Fixture.surroundings)
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
      let response = try encoder.respond(to: batch, with: activations, pass: .training(RandomKey(3)))
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

  private func withoutDropout(_ folder: URL) throws {
    let file = folder.appending(path: "config.json")
    let text = try String(contentsOf: file, encoding: .utf8).replacing("_prob\": 0.1", with: "_prob\": 0.0")
    try Data(text.utf8).write(to: file)
  }
}
