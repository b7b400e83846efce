import DistillBERT
import DistillCore
import DistillTestKit
import DistillTraining
import Foundation
import Testing

/// Encoders that read the two texts of a pair apart.
struct PairTests {
  /// Pairs of the fixture's tokens; the first and the last have the same second text.
  private static let pairs: [(first: [Int32], second: [Int32])] = [
    ([1, 10, 11, 2], [20, 21, 22, 2]), ([1, 12, 2], [23, 2]), ([1, 13, 14, 15, 16, 2], [20, 21, 22, 2]),
  ]
  private static let sequences = pairs.map { pair in
    TokenSequence(
      ids: pair.first + pair.second,
      typeIDs: Array(repeating: 0, count: pair.first.count) + Array(repeating: 1, count: pair.second.count))
  }
  private static let context = PipelineContext(
    task: Fixture.task, hasPairs: true, maximumLength: 32, key: RandomKey(1))

  private func recipe(_ readout: Readout = .mean) throws -> BERTStudent {
    var recipe = BERTStudent()
    recipe.checkpoint = OptionPath(try Fixture.url("student").path)
    (recipe.readout, recipe.pairs) = (readout, .separate)
    return recipe
  }

  @Test(arguments: Readout.allCases) func theEmbeddingIsMadeOfThoseOfBothTexts(_ readout: Readout) throws {
    let student = try recipe(readout).makeStudent(in: Self.context, teacher: nil, nil)
    #expect(student.card.embeddingWidth == 4 * student.card.width)
    #expect(student.card.activations == [.logits, .embedding, .hidden])
    let batch = TokenBatch(Self.sequences, examples: [0, 1, 2])
    let response = try student.model().respond(to: batch, with: [.embedding, .logits])
    let single = try Fixture.model(Fixture.url("student"), readout: readout)
    func read(_ ids: [Int32]) throws -> [Float] {
      let text = TokenSequence(ids: ids, typeIDs: ids.map { _ in 0 })
      return try single.respond(to: TokenBatch([text], examples: [0]), with: [.embedding])[.embedding].values
    }
    let embedding = Matrix(try response[.embedding])
    let (weight, bias) = (student.parameters["classifier.weight"].value, student.parameters["classifier.bias"].value)
    let logits = LinearMap(weight: Matrix(weight), bias: bias.values)(embedding)
    for (row, pair) in Self.pairs.enumerated() {
      let (u, v) = (try read(pair.first), try read([pair.first[0]] + pair.second))
      let expected = u + v + zip(u, v).map { abs($0 - $1) } + zip(u, v).map { $0 * $1 }
      #expect(zip(embedding.row(row), expected).allSatisfy { abs($0 - $1) < 1e-5 })
    }
    #expect(zip(try response[.logits].values, logits.values).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  /// Each token has the state that it has in its own text, and the [CLS] put before a second text has no row.
  @Test func statesAreThoseOfTheTokensOfBothTexts() throws {
    let student = try recipe().makeStudent(in: Self.context, teacher: nil, nil)
    let activations: Set<Activation> = [.hidden(layer: 0), .hidden(layer: 1)]
    let response = try student.model().respond(
      to: TokenBatch(Self.sequences, examples: [0, 1, 2]), with: activations)
    let single = try Fixture.model(Fixture.url("student"), readout: .mean)
    for activation in activations {
      func read(_ ids: [Int32]) throws -> [Float] {
        let text = TokenSequence(ids: ids, typeIDs: ids.map { _ in 0 })
        return try single.respond(to: TokenBatch([text], examples: [0]), with: [activation])[activation].values
      }
      let expected = try Self.pairs.flatMap { pair in
        try read(pair.first) + read([pair.first[0]] + pair.second).dropFirst(student.card.width)
      }
      let found = try response[activation].values
      #expect(found.count == expected.count)
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  /// Among these are masks that do not depend on how a batch is cut, and a text that is read once although it occurs twice.
  @Test func conforms() throws {
    try EncoderConformance(
      try recipe().makeStudent(in: Self.context, teacher: nil, nil), sequences: Self.sequences
    ) { try BERTStudent().loadStudent(from: $0, in: Self.context) }.check()
  }

  @Test func singleTextsAreRefused() throws {
    let error = #expect(throws: WiringError.self) { try recipe().card(in: Fixture.context) }
    #expect(error?.option == "pairs")
    let student = try recipe().makeStudent(in: Self.context, teacher: nil, nil)
    let single = TokenBatch([TokenSequence(ids: [1, 10, 2], typeIDs: [0, 0, 0])], examples: [0])
    #expect(throws: ContractError.self) { try student.model().respond(to: single, with: [.logits]) }
  }
}
