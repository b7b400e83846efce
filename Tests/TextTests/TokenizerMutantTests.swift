import DistillText
import DistillTokenizers
import Foundation
import TestSupport
import Testing

/// Damaged tokenizer files, and those of tokenizers that are not supported.
@Suite struct TokenizerMutantTests {
  @Test(arguments: [
    (
      "roberta", #""type":"BPE""#, #""type":"WordLevel""#, "model.type: 'WordLevel' is not supported; supported are BPE"
    ),
    (
      "roberta", #""type":"ByteLevel","add"#, #""type":"CharDelimiterSplit","add"#, "pre_tokenizer.type: 'Char"
    ),
    ("roberta", #""normalizer":null"#, #""normalizer":{"type":"ByteLevel"}"#, "normalizer.type: 'ByteLevel' is not"),
    ("roberta", #""normalizer":null"#, #""normalizer":{"type":"NFC","form":1}"#, "normalizer.form: is not supported"),
    ("roberta", #""normalizer":null"#, #""normalizer":[]"#, "normalizer.type: is missing"),
    (
      "roberta", #""normalizer":null"#, #""normalizer":{"type":"Replace","pattern":{"Regex":"a|b"},"content":""}"#,
      "normalizer.pattern.Regex: 'a|b' is not supported"
    ),
    ("roberta", #""truncation":null"#, #""truncation":{"direction":"Left"}"#, "truncation.direction: 'Left' is not"),
    ("roberta", #""type":"RobertaProcessing""#, #""type":"Other""#, "post_processor.type: 'Other' is not supported"),
    ("roberta", #""cls":["<s>",0]"#, #""cls":["<s>",9999]"#, "post_processor: has the id 9999"),
    ("roberta", #""cls":["<s>",0]"#, #""cls":["<s>",-1]"#, "post_processor.cls[1]: must be an id"),
    ("roberta", #""cls":["<s>",0]"#, #""cls":["<s>"]"#, "post_processor.cls: must be a token and its id"),
    ("roberta", #""dropout":null"#, #""dropout":0.1"#, "model.dropout: is not supported"),
    ("roberta", #""unk_token":null"#, #""unk_token":"?!""#, "model.unk_token: '?!' is not in the vocabulary"),
    ("roberta", #""unk_token":null"#, #""unk_token":7"#, "model.unk_token: must be a string"),
    ("roberta", #""byte_fallback":false"#, #""byte_fallback":true"#, "model.byte_fallback: is not supported"),
    ("roberta", #""merges":[["#, #""merges":[["zzz","y"],["#, "model.merges[0]: 'zzz' is not in the vocabulary"),
    ("roberta", #""merges":[["#, #""merges":["a b c",["#, "model.merges[0]: must be two tokens"),
    ("roberta", #""merges":[["#, #""merges":[7,["#, "model.merges[0]: must be a list"),
    ("roberta", #""<pad>":1"#, #""<pad>":2"#, "model.vocab.</s>: '<pad>' has the same id 2"),
    ("roberta", #""<pad>":1"#, #""<pad>":1e300"#, "model.vocab.<pad>: must be a whole number"),
    ("roberta", #""<pad>":1"#, #""<pad>":99999999999"#, "model.vocab.<pad>: must be one of 0 to"),
    ("roberta", #""<pad>":1"#, #""<pad>":-1"#, "model.vocab.<pad>: must be one of 0 to"),
    ("roberta", #""id":1,"#, #""id":7000,"#, "added_tokens: the added token '<pad>' has id 7000"),
    ("roberta", #""id":1,"#, #""id":99999999999,"#, "added_tokens[1].id: is too large"),
    ("roberta", #""lstrip":true"#, #""lstrip":"yes""#, "added_tokens[4].lstrip: must be true or false"),
    ("xlmr", #""unk_id":3"#, #""unk_id":null"#, "model.unk_id: is missing"),
    ("xlmr", #""unk_id":3"#, #""unk_id":30000"#, "model.unk_id: must be one of 0 to"),
    ("xlmr", #"["<pad>",0.0]"#, #"["<pad>",NaN]"#, "'NaN' is not a JSON value"),
    ("xlmr", #"["<pad>",0.0]"#, #"["<pad>",1e999]"#, "model.vocab[1][1]: must be a number"),
    ("xlmr", #"["<pad>",0.0]"#, #"["<s>",0.0]"#, "model.vocab: the token '<s>' has two ids, 0 and 1"),
    ("xlmr", #"["<pad>",0.0]"#, #"["<pad>"]"#, "model.vocab[1]: must be a piece and its score"),
    ("xlmr", #""prepend_scheme":"always""#, #""prepend_scheme":"first""#, "prepend_scheme: first is only supported"),
    ("xlmr", #""replacement":"▁""#, #""replacement":"""#, "replacement: must be one character"),
    ("xlmr", #""precompiled_charsmap":""#, #""precompiled_charsmap":"?"#, "precompiled_charsmap: is not a charsmap"),
    ("xlmr", #""id":"A""#, #""id":"C""#, "post_processor.single[1].Sequence.id: 'C' is not supported"),
    ("xlmr", #""id":"A""#, #""id":"B""#, "post_processor.single: must not contain the second text"),
    (
      "mpnet", ###""continuing_subword_prefix":"##""###, #""continuing_subword_prefix":"@@""#,
      "model.continuing_subword_prefix: '@@' is not supported"
    ),
    ("mpnet", #""unk_token":"[UNK]""#, #""unk_token":"[unk]""#, "model.unk_token: '[unk]' is not in the vocabulary"),
    ("mpnet", #""clean_text":true"#, #""clean_text":false"#, "normalizer.clean_text: false is not supported"),
    (
      "whole_words", #"{"type":"Digits""#, #"{"type":"ByteLevel"},{"type":"Digits""#,
      "pre_tokenizer.pretokenizers[1]: a step behind ByteLevel is not supported"
    ),
  ])
  func damagedFilesAreRefused(kind: String, old: String, new: String, message: String) throws {
    var json = try Self.json(kind)
    let range = try #require(json.range(of: old), "\(old)")
    json.replaceSubrange(range, with: new)
    try expectError(message, Array(json.utf8))
  }

  @Test func deepNestingIsRefused() throws {
    let nested = String(repeating: #"{"type":"Sequence","normalizers":["#, count: 100)
    let json = try Self.json("roberta").replacing(#""normalizer":null"#, with: #""normalizer":"# + nested)
    try expectError("nested more than 64 deep", Array(json.utf8))
  }

  @Test(arguments: ["roberta", "xlmr", "mpnet", "fallback"])
  func everyBeginningOfAFileIsRefused(kind: String) throws {
    let bytes = Array(try Self.json(kind).utf8)
    try TemporaryFolder.with { folder in
      let file = folder.appending(path: "tokenizer.json")
      for count in stride(from: 1, to: bytes.count - 1, by: max(1, bytes.count / 50)) {
        try Data(bytes.prefix(count)).write(to: file)
        #expect(throws: TextFileError.self) { try TokenizerFile.read(folder: folder) }
      }
    }
  }

  /// A damaged charsmap is refused, or gives texts that are valid UTF-8 and ids of the vocabulary.
  @Test func damagedCharsmapsNeitherTrapNorGiveIdsBeyondTheVocabulary() throws {
    let json = try Self.json("xlmr")
    let start = try #require(json.range(of: #""precompiled_charsmap":""#)).upperBound
    let end = try #require(json[start...].firstIndex(of: "\""))
    let charsmap = try #require(Data(base64Encoded: String(json[start..<end])))
    var state = SplitMix(state: 7)
    var refused = 0
    for _ in 0..<200 {
      var damaged = charsmap
      for _ in 0..<3 { damaged[Int(state.next() % UInt64(charsmap.count))] = UInt8(truncatingIfNeeded: state.next()) }
      try TemporaryFolder.with { folder in
        let text = json.replacingCharacters(in: start..<end, with: damaged.base64EncodedString())
        try Data(text.utf8).write(to: folder.appending(path: "tokenizer.json"))
        do {
          let tokenizer = try TokenizerFile.read(folder: folder)
          let found = tokenizer.encode("Ａé ﬁ e\u{301}\r\n ñ™", pair: nil, maxLength: nil)
          #expect(found.ids.allSatisfy { (0..<Int32(tokenizer.vocabularySize)).contains($0) })
        } catch is TextFileError {
          refused += 1
        }
      }
    }
    #expect(refused > 0)
  }

  @Test func aFolderWithoutAFileThatIsReadSaysWhichIsNeeded() throws {
    try TemporaryFolder.with { folder in
      let error = #expect(throws: TextFileError.self) { try TokenizerFile.read(folder: folder) }
      #expect(error?.description.contains("holds neither tokenizer.json nor vocab.txt") == true)
      try Data([1]).write(to: folder.appending(path: "sentencepiece.bpe.model"))
      let needed = #expect(throws: TextFileError.self) { try TokenizerFile.read(folder: folder) }
      #expect(
        needed?.description.contains("AutoTokenizer.from_pretrained(folder).save_pretrained(folder)") == true,
        "\(needed?.description ?? "")")
    }
  }

  private static func json(_ kind: String) throws -> String {
    try String(contentsOf: Fixture.url("tokenizers/\(kind)/tokenizer.json"), encoding: .utf8)
  }

  private func expectError(_ message: String, _ bytes: [UInt8]) throws {
    try TemporaryFolder.with { folder in
      try Data(bytes).write(to: folder.appending(path: "tokenizer.json"))
      let error = #expect(throws: TextFileError.self) { try TokenizerFile.read(folder: folder) }
      #expect(error?.description.contains(message) == true, "\(error?.description ?? "no error")")
      #expect(error?.description.contains("tokenizer.json") == true)
    }
  }
}
