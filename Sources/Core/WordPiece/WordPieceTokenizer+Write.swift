import DistillFormats
import Foundation

extension WordPieceTokenizer {
  /// Writes `vocab.txt`, `tokenizer.json`, `tokenizer_config.json` and `special_tokens_map.json`.
  ///
  /// The files are generated from this tokenizer and contain no padding or truncation. Each file is written atomically.
  public func write(to folder: URL) throws {
    try FileSystem.makeFolder(folder)
    let files = [
      ("vocab.txt", vocabulary.prefix(modelCount).map { $0 + "\n" }.joined()),
      ("tokenizer.json", tokenizerJSON),
      ("tokenizer_config.json", configJSON),
      ("special_tokens_map.json", Self.object(roles, indent: "") + "\n"),
    ]
    for (name, content) in files {
      try AtomicFile.write(Data(content.utf8), to: folder.appendingPathComponent(name))
    }
  }

  /// The special tokens under their names in `transformers`, such as `cls_token`.
  private var roles: [(String, String)] {
    Self.specialTokens.compactMap { token in
      guard token != "[MASK]" || vocabulary.contains(where: token.isIdentical) else { return nil }
      return (token.dropFirst().dropLast().lowercased() + "_token", JSON.quoted(token))
    }
  }

  private var configJSON: String {
    let flags = addedTokens.map { token in
      ("\(token.id)", Self.object(Self.flags(token), indent: "    "))
    }
    var members = [
      ("tokenizer_class", JSON.quoted("BertTokenizer")),
      ("do_lower_case", "\(normalization.lowercase)"),
      ("strip_accents", "\(normalization.stripAccents)"),
      ("tokenize_chinese_chars", "\(normalization.spaceIdeographs)"),
      ("added_tokens_decoder", Self.object(flags, indent: "  ")),
    ]
    if let modelMaxLength { members.append(("model_max_length", "\(modelMaxLength)")) }
    return Self.object(members + roles, indent: "") + "\n"
  }

  private var tokenizerJSON: String {
    let pieces = vocabulary.prefix(modelCount).enumerated()
    let special = [("[CLS]", classifier), ("[SEP]", separator)].map { token, id in
      (token, "{\"id\": \"\(token)\", \"ids\": [\(id)], \"tokens\": [\"\(token)\"]}")
    }
    let cls = Self.part("SpecialToken", "[CLS]", 0)
    let separators = [0, 1].map { Self.part("SpecialToken", "[SEP]", $0) }
    let (a, b) = (Self.part("Sequence", "A", 0), Self.part("Sequence", "B", 1))
    let tokens = addedTokens.map { Self.object([("id", "\($0.id)")] + Self.flags($0), indent: "    ") }
    return Self.object(
      [
        ("version", JSON.quoted("1.0")),
        ("truncation", "null"),
        ("padding", "null"),
        ("added_tokens", "[" + tokens.joined(separator: ", ") + "]"),
        (
          "normalizer",
          Self.object(
            [
              ("type", JSON.quoted("BertNormalizer")),
              ("clean_text", "true"),
              ("handle_chinese_chars", "\(normalization.spaceIdeographs)"),
              ("strip_accents", "\(normalization.stripAccents)"),
              ("lowercase", "\(normalization.lowercase)"),
            ], indent: "  ")
        ),
        ("pre_tokenizer", Self.object([("type", JSON.quoted("BertPreTokenizer"))], indent: "  ")),
        (
          "post_processor",
          Self.object(
            [
              ("type", JSON.quoted("TemplateProcessing")),
              ("single", "[" + [cls, a, separators[0]].joined(separator: ", ") + "]"),
              ("pair", "[" + [cls, a, separators[0], b, separators[1]].joined(separator: ", ") + "]"),
              ("special_tokens", Self.object(special, indent: "    ")),
            ], indent: "  ")
        ),
        (
          "decoder",
          Self.object(
            [("type", JSON.quoted("WordPiece")), ("prefix", JSON.quoted("##")), ("cleanup", "true")], indent: "  ")
        ),
        (
          "model",
          Self.object(
            [
              ("type", JSON.quoted("WordPiece")),
              ("unk_token", JSON.quoted("[UNK]")),
              ("continuing_subword_prefix", JSON.quoted("##")),
              ("max_input_chars_per_word", "\(maxWordLength)"),
              ("vocab", Self.object(pieces.map { ($0.element, "\($0.offset)") }, indent: "    ")),
            ], indent: "  ")
        ),
      ], indent: "") + "\n"
  }

  private static func flags(_ token: AddedToken) -> [(String, String)] {
    [
      ("content", JSON.quoted(token.content)),
      ("single_word", "\(token.singleWord)"),
      ("lstrip", "\(token.stripsLeft)"),
      ("rstrip", "\(token.stripsRight)"),
      ("normalized", "\(token.normalized)"),
      ("special", "\(token.special)"),
    ]
  }

  private static func part(_ kind: String, _ id: String, _ type: Int) -> String {
    "{\"\(kind)\": {\"id\": \"\(id)\", \"type_id\": \(type)}}"
  }

  private static func object(_ members: [(String, String)], indent: String) -> String {
    let lines = members.map { "\(indent)  \(JSON.quoted($0.0)): \($0.1)" }
    return lines.isEmpty ? "{}" : "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
  }
}
