import DistillCore
import DistillTestKit
import DistillWordPiece
import FNet
import Foundation
import Testing

struct FNetTests {
  private static let context = PipelineContext(
    task: .classification(labels: ["a", "b", "c"]), maximumLength: 16, key: RandomKey(7))
  private static let sequences = [[2, 5, 6, 3], [2, 7, 3], [2, 8, 9, 10, 5, 3]].map {
    TokenSequence(ids: $0, typeIDs: Array(repeating: 0, count: $0.count))
  }

  private static func student() throws -> any Student {
    var recipe = FNetStudent()
    (recipe.shape.layers, recipe.shape.width, recipe.shape.innerWidth) = (2, 12, 20)
    return try recipe.makeStudent(in: context, tokenizer: WordPieceTokenizer(vocabulary: vocabulary))
  }

  private static let vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + "abcdefg".map(String.init)

  @Test func conforms() throws {
    try EncoderConformance(Self.student(), sequences: Self.sequences) {
      try FNetStudent().loadStudent(from: $0, in: Self.context)
    }.check()
  }

  /// Against the definition, X_jk = Re Σ_t Σ_h x_th e^(−2πi·(jt/T + kh/H)), in Float64.
  @Test func mixesByTheFourierTransform() throws {
    let student = try Self.student()
    let wanted: Set<Activation> = [.hidden(layer: 0), Activation(.mixing, layer: 1)]
    let response = try student.model().respond(to: TokenBatch(Self.sequences, examples: [0, 1, 2]), with: wanted)
    let (x, mixing) = (try response[.hidden(layer: 0)], try response[Activation(.mixing, layer: 1)])
    let width = x.shape[1]
    var start = 0
    for count in Self.sequences.map(\.ids.count) {
      for j in 0..<count {
        for k in 0..<width {
          var sum = 0.0
          for t in 0..<count {
            for h in 0..<width {
              let turns = Double(j * t) / Double(count) + Double(k * h) / Double(width)
              sum += Double(x.values[(start + t) * width + h]) * cos(2 * .pi * turns)
            }
          }
          // Sums of some 70 numbers of size 1, in Float32.
          #expect(abs(Double(mixing.values[(start + j) * width + k]) - sum) < 1e-4)
        }
      }
      start += count
    }
  }
}
