import DistillText
import DistillWordPiece
import Foundation
import TestSupport
import Testing

/// Reading and writing tokenizer files.
@Suite struct TokenizerFilesTests {
  private static let names = ["vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]

  @Test func theFingerprintDependsOnTheTokenizerAndNotOnItsFile() throws {
    let text = try WordPieceTokenizer(folder: Fixture.url("small"))
    let json = try WordPieceTokenizer(folder: Fixture.url("small-json"))
    let added = try WordPieceTokenizer(folder: Fixture.url("added-json"))
    #expect(text.fingerprint == json.fingerprint)
    #expect(text.vocabulary.elementsEqual(json.vocabulary) { $0.utf8.elementsEqual($1.utf8) })
    var seen: Set = [text.fingerprint, added.fingerprint]
    for rules in ["cased", "lowercase", "strip"] {
      seen.insert(
        try WordPieceTokenizer(vocabulary: text.vocabulary, normalization: #require(Normalization.named[rules]))
          .fingerprint)
    }
    var swapped = text.vocabulary
    swapped.swapAt(100, 101)
    seen.insert(try WordPieceTokenizer(vocabulary: swapped).fingerprint)
    #expect(seen.count == 6)
  }

  @Test(arguments: ["small", "small-json", "added-json"])
  func whatIsWrittenIsReadBack(name: String) throws {
    let tokenizer = try WordPieceTokenizer(folder: Fixture.url(name))
    try TemporaryFolder.with { folder in
      try tokenizer.write(to: folder)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == Self.names.sorted())
      #expect(try WordPieceTokenizer(folder: folder).fingerprint == tokenizer.fingerprint)
      let json = folder.appendingPathComponent("tokenizer.json")
      #expect(try JSONSerialization.jsonObject(with: Data(contentsOf: json)) is [String: Any])
      // Without tokenizer.json the other files say the same.
      try FileManager.default.removeItem(at: json)
      #expect(try WordPieceTokenizer(folder: folder).fingerprint == tokenizer.fingerprint)
    }
  }

  @Test func settingsBesideAVocabularyAreRead() throws {
    try TemporaryFolder.with { folder in
      let vocabulary = "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\nÉ\r\ne\r\n中"
      try vocabulary.write(to: folder.appendingPathComponent("vocab.txt"), atomically: true, encoding: .utf8)
      #expect(try WordPieceTokenizer(folder: folder).encode("É").ids == [2, 5, 3])
      try #"{"do_lower_case": false, "tokenize_chinese_chars": false, "model_max_length": 64}"#
        .write(to: folder.appendingPathComponent("tokenizer_config.json"), atomically: true, encoding: .utf8)
      let tokenizer = try WordPieceTokenizer(folder: folder)
      #expect(tokenizer.encode("É 中").ids == [2, 4, 6, 3])
      #expect(tokenizer.encode("中É").ids == [2, 1, 3])
      #expect(tokenizer.vocabularySize == 7)
    }
  }

  @Test(arguments: [
    ("", "is empty"),
    ("[PAD]\n[UNK]\n[CLS]\n", "the special token [SEP] is missing"),
    ("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\na\n", ":7: the token 'a' has two ids, 4 and 6"),
    ("[PAD]\n[UNK]\n[CLS]\n[SEP]\n\na\n", ":5: the token with id 4 is empty"),
  ])
  func brokenVocabulariesAreRefused(content: String, message: String) throws {
    try expectError(message, ["vocab.txt": Data(content.utf8)])
  }

  @Test func invalidUTF8IsRefused() throws {
    try expectError(":2: is not valid UTF-8", ["vocab.txt": Data([0x61, 0x0A, 0xFF, 0x0A])])
  }

  @Test func aFolderWithoutATokenizerIsRefused() throws {
    try expectError("holds neither tokenizer.json nor vocab.txt", [:])
  }

  @Test(arguments: [
    (#""type": "WordPiece""#, #""type": "BPE""#, "has a BPE model"),
    (#""type": "BertNormalizer""#, #""type": "NFC""#, "has a NFC normalizer"),
    (#""type": "BertPreTokenizer""#, #""type": "Whitespace""#, "has a Whitespace pre_tokenizer"),
    (#""unk_token": "[UNK]""#, #""unk_token": "?""#, "unk_token"),
    (#""lowercase": true"#, #""lowercase": "yes""#, "lowercase must be true or false"),
    (#""clean_text": true"#, #""clean_text": false"#, "clean_text"),
    (#""type_id": 1"#, #""type_id": 0"#, "around texts"),
    (#""%": 10"#, #""%": 9"#, "have the same id 9"),
    (#""%": 10"#, #""%": 100000"#, "the id of '%' must be"),
    (#""%": 10"#, #""%": 10.5"#, "the id of '%' must be"),
    (#""id": 3,"#, #""id": 30,"#, "the added token '[SEP]' has id 30, where 3 is expected"),
    (#""vocab": {"#, #""vocab": ["#, "is expected"),
  ])
  func tokenizersOfAnotherKindAreRefused(old: String, new: String, message: String) throws {
    let json = try String(contentsOf: Fixture.url("small-json/tokenizer.json"), encoding: .utf8)
    let range = try #require(json.range(of: old))
    let broken =
      old.contains("type_id")
      ? json.replacingOccurrences(of: old, with: new)
      : json.replacingCharacters(in: range, with: new)
    // The right vocabulary beside it does not hide what is wrong.
    let vocabulary = try Data(contentsOf: Fixture.url("small/vocab.txt"))
    try expectError(message, ["tokenizer.json": Data(broken.utf8), "vocab.txt": vocabulary])
  }

  private func expectError(_ message: String, _ files: [String: Data]) throws {
    try TemporaryFolder.with { folder in
      for (name, data) in files { try data.write(to: folder.appendingPathComponent(name)) }
      let error = #expect(throws: TextFileError.self) { try WordPieceTokenizer(folder: folder) }
      #expect(error?.description.contains(message) == true, "\(error?.description ?? "no error")")
    }
  }
}
