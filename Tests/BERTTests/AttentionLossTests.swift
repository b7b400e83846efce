import DistillAttentionKL
import DistillBERT
import DistillCore
import DistillMiniLM
import Foundation
import Testing

/// Losses over attention and values of encoders; by Scripts/fixtures/attention_losses_parity.py.
struct AttentionLossTests {
  private static let terms: [String] = [AttentionKL.name, MiniLMRelations.name]

  private func term(_ name: String, student: Int, teacher: Int) -> (any LossTerm, LayerPair) {
    let pair = LayerPair(student: student, teacher: teacher)
    return (
      name == AttentionKL.name ? AttentionKL() : MiniLMRelations(teacherLayer: teacher, studentLayer: student), pair
    )
  }

  /// From the term down to every parameter of the student.
  @Test(arguments: terms) func gradientsEqualPyTorch(_ name: String) throws {
    let (inputs, expected) = (try Fixture(), try Fixture("attention-losses"))
    let (teacher, student) = (try Fixture.model("teacher"), try Fixture.student("student"))
    let sequences = try inputs.sequences("step")
    let batch = TokenBatch(sequences, examples: Array(sequences.indices))
    let (term, layers) = term(name, student: 2, teacher: 4)
    let reads = try term.reads(
      ModelPair(teacher: teacher.card, student: student.card, task: Fixture.task), at: layers)
    let loss = try term.loss(
      LossInputs(
        teacher: teacher.respond(to: batch, with: reads.teacher),
        student: student.respond(to: batch, with: reads.student, dropout: RandomKey(1)), batch: batch,
        layers: layers))
    loss.backward()
    let value = try expected["step/\(name)/loss"].scalar
    #expect(abs(loss.scalar - value) < 1e-5 * value, "\(loss.scalar), expected \(value)")
    var slopes: [String: Tensor] = [:]
    for parameter in expected.names("step/\(name)/gradient/") {
      slopes[parameter] = try expected["step/\(name)/gradient/\(parameter)"]
    }
    let found = gradients(of: student.parameters)
    #expect(slopes.count > 20)
    let worst = deviation(found.filter { slopes[$0.key] != nil }, from: slopes)
    #expect(worst.value < 1e-4, "\(worst.name)")
    // The rest of the encoder lies above what the term reads.
    for (parameter, gradient) in found where slopes[parameter] == nil {
      #expect(gradient.magnitude == 0, "\(parameter)")
    }
  }

  /// Layers of a real model against one another: every second teaches one below.
  @Test(
    .enabled(if: Fixture.miniLM != nil, "needs all-MiniLM-L6-v2 in models/ or DISTILL_MINILM"), arguments: terms,
    [1, 2, 3])
  func layersOfMiniLM(_ name: String, _ layer: Int) throws {
    let expected = try Fixture("attention-losses")
    let sequences = try Fixture("minilm").sequences("batch")
    let batch = TokenBatch(sequences, examples: Array(sequences.indices))
    let encoder = try Fixture.model(#require(Fixture.miniLM))
    let (term, layers) = term(name, student: layer, teacher: 2 * layer)
    let reads = try term.reads(
      ModelPair(teacher: encoder.card, student: encoder.card, task: Fixture.task), at: layers)
    let student = try encoder.respond(to: batch, with: reads.student)
      .activations.mapValues { $0.variable() }
    let loss = try term.loss(
      LossInputs(
        teacher: encoder.respond(to: batch, with: reads.teacher), student: Response(student),
        batch: batch, layers: layers))
    loss.backward()
    let place = "minilm/\(name) \(layer) \(2 * layer)"
    let value = try expected["\(place)/loss"].scalar
    // The activations themselves are off by some 1e-6 of their size.
    #expect(abs(loss.scalar - value) < 1e-5 * value, "\(loss.scalar), expected \(value)")
    for (activation, tensor) in student {
      let kind = activation.description.prefix { $0 != ":" }
      var slopes = try #require(tensor.gradient)
      // With respect to the logarithm of a probability: p/q of a q of 1e-20 would outweigh all others.
      if kind == "attention" { slopes = slopes * tensor.detached }
      let length = slopes.values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      let norm = Double(try expected["\(place)/norm:\(kind)"].scalar)
      #expect(abs(length - norm) < 1e-5 * norm, "\(activation): \(length), expected \(norm)")
    }
  }
}
