import DistillFormats
import DistillText
import Foundation

extension WordPieceTokenizer {
  /// Reads `tokenizer.json`. If there is none, it reads `vocab.txt` and the settings in `tokenizer_config.json`.
  ///
  /// `tokenizer.json` is preferred because it contains the options of the normaliser and of added tokens. Padding and truncation
  /// in it are ignored, because callers of `encode` choose the length of a sequence.
  ///
  /// - Throws: `TextFileError` with the file and the mistake in it.
  public init(folder: URL) throws {
    let config = try Self.json(folder.appendingPathComponent("tokenizer_config.json"))
    let file = folder.appendingPathComponent("tokenizer.json")
    if let json = try Self.json(file) {
      try self.init(json, file: file, config: config)
      return
    }
    let vocabulary = folder.appendingPathComponent("vocab.txt")
    guard FileManager.default.fileExists(atPath: vocabulary.path) else {
      throw TextFileError(folder, "holds neither tokenizer.json nor vocab.txt")
    }
    let configFile = folder.appendingPathComponent("tokenizer_config.json")
    let normalization = Normalization(
      lowercase: try config.flag("do_lower_case", configFile) ?? true,
      stripAccents: try config.flag("strip_accents", configFile),
      spaceIdeographs: try config.flag("tokenize_chinese_chars", configFile) ?? true)
    let decoder = config?["added_tokens_decoder"]?.object
    let added = try decoder?.map { try AddedToken($0.value, id: Int($0.key), configFile) }
    do {
      try self.init(
        Self.lines(of: vocabulary), normalization: normalization, addedTokens: added, maxWordLength: 100,
        modelMaxLength: Self.modelMaxLength(config))
    } catch let error as VocabularyError {
      throw TextFileError(vocabulary, line: error.id.map { $0 + 1 }, error.description)
    }
  }

  /// Reads a parsed `tokenizer.json`, and the settings in `config`.
  package init(_ json: JSON, file: URL, config: JSON?) throws {
    let parts = try TokenizerFile(json, file)
    do {
      try self.init(
        parts.vocabulary, normalization: parts.normalization, addedTokens: parts.addedTokens,
        maxWordLength: parts.maxWordLength, modelMaxLength: Self.modelMaxLength(config))
    } catch {
      throw TextFileError(file, error.description)
    }
  }

  private static func modelMaxLength(_ config: JSON?) -> Int? {
    config?["model_max_length"]?.int.flatMap { $0 < 1_000_000_000 ? $0 : nil }
  }

  private static func lines(of file: URL) throws -> [String] {
    var bytes = try TextFileError.bytes(of: file)[...]
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    return try bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated().map {
      let line = $0.element.last == UInt8(ascii: "\r") ? $0.element.dropLast() : $0.element
      guard let token = String(validating: line, as: UTF8.self) else {
        throw TextFileError(file, line: $0.offset + 1, "is not valid UTF-8")
      }
      return token
    }
  }

  /// Returns the contents of a file, or `nil` if it does not exist.
  private static func json(_ file: URL) throws -> JSON? {
    if !FileManager.default.fileExists(atPath: file.path) { return nil }
    do {
      return try JSON(parsing: TextFileError.bytes(of: file))
    } catch let error as JSON.SyntaxError {
      throw TextFileError(file, line: error.line, error.message)
    }
  }
}

/// The parts of a `tokenizer.json` that affect the ids.
private struct TokenizerFile {
  var vocabulary: [String]
  var normalization: Normalization
  var addedTokens: [AddedToken]
  var maxWordLength: Int

  init(_ json: JSON, _ file: URL) throws {
    func expect(_ part: String, _ types: String...) throws {
      let type = json[part]?["type"]?.string
      guard let type, types.contains(type) else {
        let found = type.map { "a \($0)" } ?? "no"
        throw TextFileError(file, "has \(found) \(part); a BERT tokenizer has \(types.joined(separator: " or "))")
      }
    }
    guard let model = json["model"], let members = model["vocab"]?.object else {
      throw TextFileError(file, "holds no vocabulary by name (model.vocab); only WordPiece tokenizers are read")
    }
    // Older files do not contain the type of the model.
    let isUntyped = model["type"] == nil && model["continuing_subword_prefix"] != nil
    if !isUntyped { try expect("model", "WordPiece") }
    try expect("normalizer", "BertNormalizer")
    try expect("pre_tokenizer", "BertPreTokenizer")
    try expect("post_processor", "TemplateProcessing", "BertProcessing")
    try Self.check(json["post_processor"], file)
    guard model["unk_token"]?.string == "[UNK]", model["continuing_subword_prefix"]?.string == "##" else {
      throw TextFileError(file, "its model must have unk_token \"[UNK]\" and continuing_subword_prefix \"##\"")
    }
    vocabulary = try Self.ordered(members, file)
    maxWordLength = model["max_input_chars_per_word"]?.int ?? 100
    let normalizer = json["normalizer"]
    guard try normalizer.flag("clean_text", file) ?? true else {
      throw TextFileError(file, "switches clean_text off, which no BERT model does")
    }
    normalization = Normalization(
      lowercase: try normalizer.flag("lowercase", file) ?? true,
      stripAccents: try normalizer.flag("strip_accents", file),
      spaceIdeographs: try normalizer.flag("handle_chinese_chars", file) ?? true)
    addedTokens = try (json["added_tokens"]?.array ?? []).map { try AddedToken($0, id: $0["id"]?.int, file) }
  }

  /// Returns the tokens in the order of their ids, which must be 0, 1, 2 and so on.
  private static func ordered(_ members: [(key: String, value: JSON)], _ file: URL) throws -> [String] {
    var tokens = [String?](repeating: nil, count: members.count)
    for (token, value) in members {
      guard let id = value.int, tokens.indices.contains(id) else {
        throw TextFileError(
          file, "the id of '\(token)' must be one of 0 to \(tokens.count - 1), as there are \(tokens.count) tokens")
      }
      if let other = tokens[id] { throw TextFileError(file, "'\(other)' and '\(token)' have the same id \(id)") }
      tokens[id] = token
    }
    return tokens.compactMap { $0 }  // nothing is nil, as there are as many distinct ids as places
  }

  /// Checks that the template adds the special tokens that `encode` adds.
  private static func check(_ processor: JSON?, _ file: URL) throws {
    guard let single = processor?["single"]?.array, let pair = processor?["pair"]?.array else { return }
    let found = [single, pair].map { template in
      template.map { item in
        let part = item["SpecialToken"] ?? item["Sequence"]
        return "\(part?["id"]?.string ?? "?"):\(part?["type_id"]?.int ?? 0)"
      }.joined(separator: " ")
    }
    let expected = ["[CLS]:0 A:0 [SEP]:0", "[CLS]:0 A:0 [SEP]:0 B:1 [SEP]:1"]
    guard found == expected else {
      throw TextFileError(
        file,
        "puts '\(found.joined(separator: "', '"))' around texts; BERT puts '\(expected.joined(separator: "', '"))'")
    }
  }
}

extension AddedToken {
  fileprivate init(_ json: JSON, id: Int?, _ file: URL) throws {
    guard let content = json["content"]?.string, let id, let id = Int32(exactly: id) else {
      throw TextFileError(file, "an added token has no content or no id")
    }
    self.init(content, id: id)
    let json: JSON? = json
    special = try json.flag("special", file) ?? false
    normalized = try json.flag("normalized", file) ?? !special
    singleWord = try json.flag("single_word", file) ?? false
    stripsLeft = try json.flag("lstrip", file) ?? false
    stripsRight = try json.flag("rstrip", file) ?? false
  }
}

extension JSON? {
  /// Returns a member that must be true or false, or `nil` if it is null or missing.
  fileprivate func flag(_ name: String, _ file: URL) throws -> Bool? {
    guard let value = self?[name] else { return nil }
    guard let flag = value.bool else { throw TextFileError(file, "\(name) must be true or false") }
    return flag
  }
}
