import DistillText
import DistillWordPiece
import Foundation
import Testing

/// Parity with Hugging Face's fast tokenizer on a small vocabulary; fixtures by Scripts/fixtures/text_tokenizer.py.
@Suite struct WordPieceTests {
  struct Case: Decodable {
    let rules: String
    let text: String
    let pair: String?
    let max: Int?
    let ids: [Int32]
    let types: [Int32]
  }

  static func small(_ rules: String) throws -> WordPieceTokenizer {
    let plain = try WordPieceTokenizer(folder: Fixture.url(rules == "added" ? "added-json" : "small"))
    guard let normalization = Normalization.named[rules] else { return plain }
    return try WordPieceTokenizer(vocabulary: plain.vocabulary, normalization: normalization)
  }

  @Test(arguments: ["uncased", "cased", "lowercase", "strip", "added"])
  func idsEqualTheReference(rules: String) throws {
    let tokenizer = try Self.small(rules)
    let cases = try Fixture.lines("cases.jsonl").map { try JSONDecoder().decode(Case.self, from: Data($0.utf8)) }
      .filter { $0.rules == rules }
    #expect(cases.count == 156)
    for test in cases {
      let found = tokenizer.encode(test.text, pair: test.pair, maxLength: test.max)
      let scalars = test.text.unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ")
      #expect(
        found == TokenSequence(ids: test.ids, typeIDs: test.types),
        "\(rules): '\(test.text)' (\(scalars)), '\(test.pair ?? "-")', at most \(test.max ?? -1)")
    }
  }

  @Test(arguments: ["uncased", "cased", "lowercase", "strip"])
  func everyScalarIsNormalisedAndCutAsByTheReference(rules: String) throws {
    let tokenizer = try Self.small(rules)
    let expected = try Fixture.lines("words.txt").map { $0.split(separator: " ") }.filter { $0[0] == rules }
    #expect(expected.count == 272)
    for line in expected {
      let start = try #require(UInt32(line[1], radix: 16))
      var digest = Digest()
      for text in sweep(from: start) {
        for word in tokenizer.words(in: text) {
          for byte in word.utf8 { digest.add(UInt64(byte)) }
          digest.add(0xFF)
        }
        digest.add(0xFE)
      }
      #expect("\(digest)" == line[2], "\(rules), U+\(line[1])")
    }
  }

  @Test func longestFirstCutsTheLongerTextFirst() {
    for (lengths, limit, expected) in [
      ((3, 4), 7, (3, 4)), ((3, 9), 7, (3, 4)), ((9, 3), 7, (4, 3)), ((9, 9), 7, (3, 4)), ((9, 8), 7, (4, 3)),
      ((5, 0), 2, (2, 0)), ((0, 5), 2, (0, 2)), ((5, 5), 0, (0, 0)), ((5, 5), 1, (0, 1)),
    ] {
      let found = WordPieceTokenizer.longestFirst(lengths.0, lengths.1, limit: limit)
      #expect(found == expected, "\(lengths) to \(limit)")
    }
  }

  @Test func specialTokensStayWhenThereIsNoRoom() throws {
    let tokenizer = try Self.small("uncased")
    for limit in 0...2 { #expect(tokenizer.encode("the token", maxLength: limit).ids == [1, 3]) }
    #expect(tokenizer.encode("the", pair: "the", maxLength: 1).typeIDs == [0, 0, 1])
  }
}
