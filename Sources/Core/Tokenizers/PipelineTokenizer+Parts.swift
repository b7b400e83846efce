import DistillFormats
import DistillText
import DistillWordPiece

extension PipelineTokenizer {
  /// The parts of a `tokenizer.json`.
  struct Parts {
    var normalizers: [NormalizerStep] = []
    var preTokenizers: [PreTokenizerStep] = []
    var model: Model
    var template: SequenceTemplate
    var addedTokens: [AddedToken]
    /// The tokens of the model in the order of their ids, followed by added tokens.
    var vocabulary: [String]
    /// What else affects the ids of the model.
    var modelKey: [String]

    var vocabularySize: Int { vocabulary.count }
  }
}

extension PipelineTokenizer.Parts {
  /// Reads a `tokenizer.json`.
  ///
  /// - Throws: `TextFileError` with the place of a mistake, or of something that is not supported.
  init(_ file: FilePlace) throws {
    try file.only([
      "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
      "model",
    ])
    try Self.checkTruncation(file["truncation"])
    if file["normalizer"].value != nil { normalizers = try NormalizerStep.steps(file["normalizer"]) }
    var isByteLevel = false
    if file["pre_tokenizer"].value != nil {
      preTokenizers = try PreTokenizerStep.steps(file["pre_tokenizer"], isByteLevel: &isByteLevel)
    }
    let read = try ModelReader(file["model"], isByteLevel: isByteLevel)
    (model, modelKey) = (read.model, read.key)
    addedTokens =
      file["added_tokens"].value == nil
      ? [] : try file["added_tokens"].elements().map { try AddedToken($0) }.sorted { $0.id < $1.id }
    do { vocabulary = try read.index.extended(by: addedTokens) } catch {
      throw file["added_tokens"].error(error.description)
    }
    template = try SequenceTemplate(file["post_processor"])
    if let id = template.specialIDs.first(where: { !vocabulary.indices.contains(Int($0)) }) {
      throw file["post_processor"].error("has the id \(id), where there are \(vocabulary.count) tokens")
    }
  }

  /// Callers choose the length, but the end that is cut is that of the reference's default.
  private static func checkTruncation(_ place: FilePlace) throws {
    guard place.value != nil else { return }
    _ = try place["direction"].choice(["Right": true], or: true)
    _ = try place["strategy"].choice(["LongestFirst": true], or: true)
  }

  /// Returns whether a file is that of a `WordPieceTokenizer`.
  static func isBERT(_ json: JSON) -> Bool {
    let model = json["model"]
    guard json["normalizer"]?["type"]?.string == "BertNormalizer", json["normalizer"]?["clean_text"]?.bool != false,
      json["pre_tokenizer"]?["type"]?.string == "BertPreTokenizer",
      model?["type"]?.string ?? "WordPiece" == "WordPiece",
      model?["unk_token"]?.string == "[UNK]", model?["continuing_subword_prefix"]?.string == "##"
    else { return false }
    func id(_ token: String) -> Int32? { model?["vocab"]?[token]?.int.flatMap { Int32(exactly: $0) } }
    guard let first = id("[CLS]"), let last = id("[SEP]"),
      let template = try? SequenceTemplate(FilePlace(json["post_processor"], file: .init(filePath: "/")))
    else { return false }
    return template == .bert(first: first, last: last)
  }

  var fingerprint: String {
    var fields = ["pipeline 1"] + normalizers.map(\.key) + ["-"] + preTokenizers.map(\.key) + ["-"]
    fields += ["\(template.single)", "\(template.pair)"]
    fields += addedTokens.map {
      "\($0.id) \($0.normalized) \($0.singleWord) \($0.stripsLeft) \($0.stripsRight)"
    }
    fields += modelKey + ["\(vocabulary.count)"] + vocabulary
    var checksum = Checksum()
    for field in fields { checksum.update(Array(field.utf8) + [0xFF]) }  // 0xFF does not occur in UTF-8
    return checksum.hexDigest
  }

  /// A `tokenizer_config.json` for a folder that had none.
  var configuration: String {
    let roles = [
      ("bos_token", ["<s>"]), ("cls_token", ["[CLS]", "<s>"]), ("eos_token", ["</s>"]),
      ("mask_token", ["[MASK]", "<mask>"]),
      ("pad_token", ["[PAD]", "<pad>"]), ("sep_token", ["[SEP]", "</s>"]), ("unk_token", ["[UNK]", "<unk>"]),
    ]
    let known = addedTokens.filter(\.special).map(\.content)
    let members = roles.compactMap { role, names in
      names.first { known.contains($0) }.map { "  \(JSON.quoted(role)): \(JSON.quoted($0))" }
    }
    return "{\n" + (members + ["  \"tokenizer_class\": \"PreTrainedTokenizerFast\""]).joined(separator: ",\n") + "\n}\n"
  }
}

extension AddedToken {
  fileprivate init(_ place: FilePlace) throws {
    try place.only(["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"])
    guard let id = Int32(exactly: try place["id"].integer()) else { throw place["id"].error("is too large") }
    self.init(try place["content"].string(), id: id)
    special = try place["special"].flag(or: false)
    normalized = try place["normalized"].flag(or: !special)
    singleWord = try place["single_word"].flag(or: false)
    stripsLeft = try place["lstrip"].flag(or: false)
    stripsRight = try place["rstrip"].flag(or: false)
  }
}
