import DistillText
import DistillTokenizers
import DistillWordPiece
import Foundation
import TestSupport
import Testing

/// Parity with Hugging Face `tokenizers` on small tokenizers of several kinds; fixtures by Scripts/fixtures/text_tokenizers.py.
@Suite struct TokenizerFileTests {
  struct Case: Decodable {
    let text: String
    let pair: String?
    let max: Int?
  }
  struct Expected: Decodable {
    let ids: [[Int32]]
    let types: [String]
    let blocks: [String]
  }
  private struct Fixtures: Decodable {
    let cases: [Case]
    let kinds: [String: Expected]

    init(from decoder: any Decoder) throws {
      let members = try decoder.singleValueContainer()
      cases = try members.decode(CasesOnly.self).cases
      kinds = try members.decode([String: Kind].self).compactMapValues(\.expected)
    }
    private struct CasesOnly: Decodable { let cases: [Case] }
    private struct Kind: Decodable {
      let expected: Expected?
      init(from decoder: any Decoder) throws { expected = try? Expected(from: decoder) }
    }
  }

  static let kinds = [
    "roberta", "xlmr", "t5", "albert", "mpnet", "multilingual_bert", "fallback", "marked", "whole_words",
  ]

  private static func fixtures() throws -> Fixtures {
    try JSONDecoder().decode(Fixtures.self, from: Data(contentsOf: Fixture.url("tokenizers/expected.json")))
  }

  static func folder(_ kind: String) -> URL { Fixture.url("tokenizers/\(kind)") }

  @Test(arguments: kinds)
  func idsEqualTheReference(kind: String) throws {
    let tokenizer = try TokenizerFile.read(folder: Self.folder(kind))
    let fixtures = try Self.fixtures()
    let expected = try #require(fixtures.kinds[kind])
    #expect(fixtures.cases.count == 52 && expected.ids.count == 52)
    for (index, test) in fixtures.cases.enumerated() {
      let found = tokenizer.encode(test.text, pair: test.pair, maxLength: test.max)
      let types = found.typeIDs.map(String.init).joined()
      #expect(
        found.ids == expected.ids[index] && types == expected.types[index],
        "\(kind) \(index): '\(test.text)', '\(test.pair ?? "-")', at most \(test.max ?? -1)")
    }
  }

  @Test(arguments: kinds)
  func everyScalarIsReadAsByTheReference(kind: String) throws {
    let tokenizer = try TokenizerFile.read(folder: Self.folder(kind))
    let expected = try #require(try Self.fixtures().kinds[kind])
    #expect(expected.blocks.count == 17)
    for (plane, block) in expected.blocks.enumerated() {
      var digest = Digest()
      for text in Self.sweep(plane) { digest.add(tokenizer.encode(text)) }
      #expect("\(digest)" == block, "\(kind), plane \(plane)")
    }
  }

  private static func sweep(_ plane: Int) -> [String] {
    let scalars = (plane << 16..<(plane + 1) << 16).compactMap { Unicode.Scalar(UInt32($0)) }
    if plane < 3 { return scalars.map { "\($0) a\($0)b e\u{301}\($0) \($0)\($0)" } }
    return stride(from: 0, to: scalars.count, by: 256).map { start in
      scalars[start..<min(start + 256, scalars.count)].map { "\($0)" }.joined(separator: "a")
    }
  }

  @Test(arguments: kinds)
  func whatIsWrittenIsReadBack(kind: String) throws {
    let tokenizer = try TokenizerFile.read(folder: Self.folder(kind))
    #expect(tokenizer is WordPieceTokenizer == (kind == "multilingual_bert"))
    try TemporaryFolder.with { folder in
      try tokenizer.write(to: folder)
      let again = try TokenizerFile.read(folder: folder)
      #expect(again.fingerprint == tokenizer.fingerprint)
      #expect(again.vocabularySize == tokenizer.vocabularySize)
      #expect(FileManager.default.fileExists(atPath: folder.appending(path: "tokenizer_config.json").path))
    }
  }

  @Test func differentTokenizersHaveDifferentFingerprints() throws {
    var seen = Set(try Self.kinds.map { try TokenizerFile.read(folder: Self.folder($0)).fingerprint })
    #expect(seen.count == Self.kinds.count)
    let json = try String(contentsOf: Self.folder("roberta").appending(path: "tokenizer.json"), encoding: .utf8)
    for (old, new, changes) in [
      (#""lstrip":true"#, #""lstrip":false"#, true), (#""use_regex":true"#, #""use_regex":false"#, true),
      (#""cls":["<s>",0]"#, #""cls":["<s>",1]"#, true), (#""trim_offsets":true"#, #""trim_offsets":false"#, false),
      (#""special":true"#, #""special":false"#, false),
    ] {
      let range = try #require(json.range(of: old))
      let folder = json.replacingCharacters(in: range, with: new)
      try TemporaryFolder.with { place in
        try Data(folder.utf8).write(to: place.appending(path: "tokenizer.json"))
        #expect(seen.insert(try TokenizerFile.read(folder: place).fingerprint).inserted == changes, "\(new)")
      }
    }
  }

  @Test func robertasOlderFilesAreReadAsTheNewOne() throws {
    let file = Self.folder("roberta").appending(path: "tokenizer.json")
    let json = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    let model = try #require(json["model"] as? [String: Any])
    var vocabulary = try #require(model["vocab"] as? [String: Int])
    vocabulary["<mask>"] = vocabulary.count
    let merges = try #require(model["merges"] as? [[String]])
    try TemporaryFolder.with { folder in
      try JSONSerialization.data(withJSONObject: vocabulary).write(to: folder.appending(path: "vocab.json"))
      let lines = ["#version: 0.2"] + merges.map { $0.joined(separator: " ") }
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: folder.appending(path: "merges.txt"))
      let (old, new) = (try TokenizerFile.read(folder: folder), try TokenizerFile.read(folder: Self.folder("roberta")))
      // Without a tokenizer.json, transformers does not let the mask take the space before it.
      for text in ["Where is my parcel?", "it's<mask> \u{e9}\u{20ac}", " two  spaces"] {
        #expect(old.encode(text, pair: text, maxLength: 9) == new.encode(text, pair: text, maxLength: 9))
      }
      try old.write(to: folder)
      #expect(try TokenizerFile.read(folder: folder).fingerprint == old.fingerprint)
    }
  }

  @Test func textsAreEncodedOnManyThreadsAtOnce() async throws {
    let tokenizer = try TokenizerFile.read(folder: Self.folder("xlmr"))
    let texts = (0..<2000).map { "parcel \($0) \($0 % 7) is late" }
    let expected = texts.map { tokenizer.encode($0) }
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 { group.addTask { texts.map { tokenizer.encode($0) } == expected } }
      for await isEqual in group { #expect(isEqual) }
    }
  }

  @Test func longWordsAndManyMarksTakeLinearTime() throws {
    for kind in Self.kinds {
      let tokenizer = try TokenizerFile.read(folder: Self.folder(kind))
      for text in [
        String(repeating: "ab", count: 50_000), String(repeating: "\u{301}\u{323}", count: 50_000),
        String(repeating: " ", count: 100_000),
      ] {
        let elapsed = ContinuousClock().measure { _ = tokenizer.encode(text) }
        #expect(elapsed < .seconds(5), "\(kind)")
      }
    }
  }
}

extension Tokenizer {
  fileprivate func encode(_ text: String) -> TokenSequence { encode(text, pair: nil, maxLength: nil) }
}
