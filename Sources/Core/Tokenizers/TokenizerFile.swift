import DistillFormats
import DistillText
import DistillWordPiece
import Foundation

/// The tokenizers of models on the Hugging Face Hub: BERT's WordPiece, byte-pair encodings such as RoBERTa's, and
/// unigram models such as XLM-RoBERTa's.
public enum TokenizerFile {
  /// Reads the tokenizer of a folder.
  ///
  /// `tokenizer.json` is read if there is one, otherwise `vocab.json` and `merges.txt` as those of RoBERTa, otherwise
  /// `vocab.txt` as that of BERT. Padding and truncation in a file are ignored, because callers of `encode` choose the
  /// length of a sequence.
  ///
  /// - Parameter folder: The folder of a model.
  /// - Returns: A `WordPieceTokenizer` for the tokenizers of BERT, and for all others one that writes the files that
  ///   it was read from.
  /// - Throws: `TextFileError` with the file, the place in it and the mistake. Steps that are not supported are
  ///   mistakes.
  public static func read(folder: URL) throws -> any Tokenizer {
    let file = folder.appendingPathComponent("tokenizer.json")
    if exists(file) {
      let bytes = try TextFileError.bytes(of: file)
      let json = try parse(bytes, file)
      if PipelineTokenizer.Parts.isBERT(json) {
        return try WordPieceTokenizer(json, file: file, config: try contents("tokenizer_config.json", of: folder)?.json)
      }
      return try tokenizer(json, file, [("tokenizer.json", bytes)], folder)
    }
    let vocabulary = folder.appendingPathComponent("vocab.json")
    let merges = folder.appendingPathComponent("merges.txt")
    if exists(vocabulary), exists(merges) {
      let bytes = try RobertaFiles.tokenizerJSON(vocabulary, merges)
      return try tokenizer(try parse(bytes, vocabulary), vocabulary, [("tokenizer.json", bytes)], folder)
    }
    if exists(folder.appendingPathComponent("vocab.txt")) { return try WordPieceTokenizer(folder: folder) }
    let models = ["sentencepiece.bpe.model", "spiece.model", "tokenizer.model"]
    if let model = models.first(where: { exists(folder.appendingPathComponent($0)) }) {
      throw TextFileError(
        folder,
        "holds \(model) but no tokenizer.json, which is needed; transformers writes it: "
          + "AutoTokenizer.from_pretrained(folder).save_pretrained(folder)")
    }
    throw TextFileError(folder, "holds neither tokenizer.json nor vocab.txt nor vocab.json with merges.txt")
  }

  private static func tokenizer(
    _ json: JSON, _ file: URL, _ files: [(name: String, content: [UInt8])], _ folder: URL
  ) throws -> PipelineTokenizer {
    let parts = try PipelineTokenizer.Parts(FilePlace(json, file: file))
    var files = files
    for name in ["tokenizer_config.json", "special_tokens_map.json"] {
      if let found = try contents(name, of: folder) { files.append((name, found.bytes)) }
    }
    if !files.contains(where: { $0.name == "tokenizer_config.json" }) {
      files.append(("tokenizer_config.json", Array(parts.configuration.utf8)))
    }
    return PipelineTokenizer(parts, fingerprint: parts.fingerprint, files: files)
  }

  private static func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }

  /// Returns the contents of a file, or `nil` if it does not exist.
  private static func contents(_ name: String, of folder: URL) throws -> (bytes: [UInt8], json: JSON)? {
    let file = folder.appendingPathComponent(name)
    guard exists(file) else { return nil }
    let bytes = try TextFileError.bytes(of: file)
    return (bytes, try parse(bytes, file))
  }

  static func parse(_ bytes: [UInt8], _ file: URL) throws -> JSON {
    do { return try JSON(parsing: bytes) } catch { throw TextFileError(file, line: error.line, error.message) }
  }
}

/// RoBERTa's files of before `tokenizer.json`.
enum RobertaFiles {
  /// Returns the `tokenizer.json` that `transformers` makes of a vocabulary and merges.
  ///
  /// - Throws: `TextFileError` if a file is damaged, or if the vocabulary lacks the tokens around a text.
  static func tokenizerJSON(_ vocabulary: URL, _ merges: URL) throws -> [UInt8] {
    let content = try TextFileError.bytes(of: vocabulary)
    let place = FilePlace(try TokenizerFile.parse(content, vocabulary), file: vocabulary)
    let special = try ["<s>", "<pad>", "</s>", "<unk>", "<mask>"].map { name in (name, try place[name].integer()) }
    func member(_ name: String) -> String {
      let id = special.first { $0.0 == name }?.1 ?? 0
      return "[\(JSON.quoted(name)), \(id)]"
    }
    let added = special.sorted { $0.1 < $1.1 }.map { name, id in
      "{\"id\": \(id), \"content\": \(JSON.quoted(name)), \"single_word\": false, \"lstrip\": false, \"rstrip\": false, "
        + "\"normalized\": false, \"special\": true}"
    }
    var text = """
      {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [\(added.joined(separator: ", "))],
      "normalizer": null,
      "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
      "post_processor": {"type": "RobertaProcessing", "sep": \(member("</s>")), "cls": \(member("<s>")),
      "trim_offsets": true, "add_prefix_space": false},
      "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
      "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
      "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false, "merges": [

      """
    text += try lines(of: merges).map(JSON.quoted).joined(separator: ",\n")
    return Array((text + "],\n\"vocab\": ").utf8) + content + Array("}}\n".utf8)
  }

  private static func lines(of file: URL) throws -> [String] {
    let bytes = try TextFileError.bytes(of: file)
    return try bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated().compactMap {
      let line = $0.element.last == UInt8(ascii: "\r") ? $0.element.dropLast() : $0.element
      guard let text = String(validating: line, as: UTF8.self) else {
        throw TextFileError(file, line: $0.offset + 1, "is not valid UTF-8")
      }
      if text.isEmpty || text.hasPrefix("#version") { return nil }
      guard line.count(where: { $0 == 0x20 }) == 1 else {
        throw TextFileError(file, line: $0.offset + 1, "must be two tokens with a space between them")
      }
      return text
    }
  }
}
