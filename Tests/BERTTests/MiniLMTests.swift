import DistillBERT
import DistillCore
import DistillTestKit
import Foundation
import Testing

/// A real model.
@Suite(.enabled(if: Fixture.miniLM != nil, "needs all-MiniLM-L6-v2 in models/ or DISTILL_MINILM"))
struct MiniLMTests {
  private func encoder(_ readout: Readout) throws -> any TextEncoder {
    try Fixture.model(#require(Fixture.miniLM), readout: readout)
  }

  @Test func equalsTransformers() throws {
    let fixture = try Fixture("minilm")
    let sequences = try fixture.sequences("batch")
    let batch = TokenBatch(sequences, examples: Array(sequences.indices))
    for (readout, name) in [(Readout.pooler, "embedding"), (.mean, "mean"), (.cls, "class-token:6")] {
      let encoder = try encoder(readout)
      #expect(encoder.untrained == [.logits])
      let response = try encoder.respond(
        to: batch, with: [.embedding, .classToken(layer: 6), .attention(layer: 6), .values(layer: 6)])
      for (activation, name) in [
        (Activation.embedding, name), (.classToken(layer: 6), "class-token:6"), (.attention(layer: 6), "attention:6"),
        (.values(layer: 6), "values:6"),
      ] {
        // As for the small models; hundreds of products are added here.
        let deviation = try response[activation].deviation(from: fixture[name])
        #expect(deviation < 2e-5, "\(name)")
      }
    }
  }

  /// Factors of 8 bits; PyTorch's autocast to bfloat16 is off by 5e-3.
  @Test(.enabled(if: Precision.bfloat16.isAvailable, "this processor has no AVX512_BF16"))
  func bfloat16StaysClose() throws {
    let fixture = try Fixture("minilm")
    let sequences = try fixture.sequences("batch")
    let batch = TokenBatch(sequences, examples: Array(sequences.indices))
    let mean = try Compute.$precision.withValue(.bfloat16) {
      try encoder(.mean).respond(to: batch, with: [.embedding])[.embedding]
    }
    let deviation = mean.deviation(from: try fixture["mean"])
    #expect(deviation < 2e-2 && deviation > 1e-4)
  }

  @Test func conforms() throws {
    try EncoderConformance(encoder(.pooler), sequences: Fixture("minilm").sequences("batch")) {
      try BERTStudent().loadStudent(from: $0, in: Fixture.context)
    }.check()
  }
}
