import DistillBERT
import DistillCore
import Foundation
import Testing

/// Of a whole module, as a program would have it at its top level.
private let shared = Result { try BERTEncoder(Fixture.url("teacher"), readout: .mean) }

/// One encoder for many tasks; Scripts/test-sanitizers watches these for races.
struct SharingTests {
  private static func answers(_ encoder: BERTEncoder, _ row: Int) throws -> [[Float]] {
    let sequences = try Fixture().sequences("batch")
    let batch = TokenBatch(Array(sequences[(row % 4)...]), examples: Array(sequences.indices.dropFirst(row % 4)))
    let wanted: [Activation] = [.logits, .embedding, .attention(layer: 2), .queries(layer: 4)]
    let response = try encoder.respond(to: batch, with: Set(wanted))
    return try wanted.map { try response[$0].values }
  }

  /// Cold: in bfloat16 the tasks meet at the first look for each rounded weight.
  @Test(arguments: Precision.allCases.filter(\.isAvailable)) func tasksShareAnEncoder(_ precision: Precision)
    async throws
  {
    let encoder = try BERTEncoder(Fixture.url("teacher"), readout: .mean)
    let together = try await Compute.$precision.withValue(precision) {
      try await withThrowingTaskGroup(of: (Int, [[Float]]).self) { group in
        for row in 0..<8 { group.addTask { (row, try Self.answers(encoder, row)) } }
        return try await group.reduce(into: [Int: [[Float]]]()) { $0[$1.0] = $1.1 }
      }
    }
    try Compute.$precision.withValue(precision) {
      for row in 0..<8 {
        let alone = try Self.answers(shared.get(), row)
        #expect(together[row] == alone, "task \(row)")
      }
    }
  }

  /// What is asked while the student it was taken from goes on learning.
  @Test func aModelOutlivesItsTraining() async throws {
    let student = try Fixture.student("teacher")
    let model = try #require(try student.model() as? BERTEncoder)
    let before = try Self.answers(model, 0)
    async let meanwhile = Self.answers(model, 0)
    for parameter in student.parameters.parameters { parameter.assign(parameter.value * 2) }
    #expect(try await meanwhile == before)
    #expect(try Self.answers(model, 0) == before)
    #expect(try Self.answers(#require(try student.model() as? BERTEncoder), 0) != before)
  }
}
