import DistillFormats
import DistillText
import DistillWordPiece

/// Reads the model of a `tokenizer.json`.
struct ModelReader {
  let model: PipelineTokenizer.Model
  let index: VocabularyIndex
  /// What affects the ids beside the vocabulary.
  let key: [String]

  private static let supported = [
    "BPE": [
      "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
      "ignore_merges", "vocab", "merges",
    ],
    "Unigram": ["unk_id", "vocab", "byte_fallback"],
    "WordPiece": ["unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"],
  ]

  init(_ place: FilePlace, isByteLevel: Bool) throws {
    let type: String
    if place["type"].value == nil, place.value != nil {  // older files do not contain the type
      type = place["merges"].value != nil ? "BPE" : place["vocab"].value?.array != nil ? "Unigram" : "WordPiece"
      try place.only(Self.supported[type] ?? [])
    } else {
      type = try place.type(Self.supported)
    }
    if isByteLevel, type != "BPE" {
      throw place["type"].error("'\(type)' is not supported with ByteLevel; supported is BPE")
    }
    switch type {
    case "BPE": self = try Self.bytePair(place, isByteLevel)
    case "Unigram": self = try Self.unigram(place)
    default: self = try Self.wordPiece(place)
    }
  }

  private init(_ model: PipelineTokenizer.Model, _ index: VocabularyIndex, _ key: [String]) {
    (self.model, self.index, self.key) = (model, index, key)
  }

  // MARK: vocabularies

  /// Returns the tokens of an object in the order of their ids, which must be 0, 1, 2 and so on.
  private static func ordered(_ place: FilePlace) throws -> [String] {
    let members = try place.members()
    var tokens = [String?](repeating: nil, count: members.count)
    for (token, value) in members {
      let id = try value.integer()
      guard tokens.indices.contains(id) else {
        throw value.error("must be one of 0 to \(tokens.count - 1), as there are \(tokens.count) tokens")
      }
      if let other = tokens[id] { throw value.error("'\(other)' has the same id \(id)") }
      tokens[id] = token
    }
    return tokens.compactMap { $0 }  // nothing is nil, as there are as many distinct ids as places
  }

  private static func index(_ tokens: [String], _ place: FilePlace) throws -> VocabularyIndex {
    do { return try VocabularyIndex(tokens) } catch { throw place.error(error.description) }
  }

  /// Returns the ids of the tokens of single bytes, such as `<0x0A>`, if they replace unknown texts.
  private static func bytes(_ place: FilePlace, _ index: VocabularyIndex) throws -> [Int32?]? {
    guard try place.flag(or: false) else { return nil }
    return (0..<256).map { byte in
      let digits = String(byte, radix: 16, uppercase: true)
      return index.id(of: "<0x" + (digits.count < 2 ? "0" : "") + digits + ">")
    }
  }

  private static func token(_ place: FilePlace, _ index: VocabularyIndex) throws -> Int32 {
    let token = try place.string()
    guard let id = index.id(of: token) else { throw place.error("'\(token)' is not in the vocabulary") }
    return id
  }

  // MARK: models

  private static func wordPiece(_ place: FilePlace) throws -> ModelReader {
    let index = try index(ordered(place["vocab"]), place["vocab"])
    _ = try place["continuing_subword_prefix"].choice(["##": true])
    let most = place["max_input_chars_per_word"].value == nil ? 100 : try place["max_input_chars_per_word"].integer()
    guard most >= 0 else { throw place["max_input_chars_per_word"].error("must not be negative") }
    let model = WordPieceModel(trie: index.trie, unknown: try token(place["unk_token"], index), maxWordLength: most)
    return ModelReader(.wordPiece(model), index, ["wordpiece \(model.unknown) \(most)"])
  }

  private static func unigram(_ place: FilePlace) throws -> ModelReader {
    var (tokens, scores) = ([String](), [Double]())
    for entry in try place["vocab"].elements() {
      let pair = try entry.elements()
      guard pair.count == 2 else { throw entry.error("must be a piece and its score") }
      tokens.append(try pair[0].string())
      guard let score = pair[1].value?.number, score.isFinite else { throw pair[1].error("must be a number") }
      scores.append(referenceValue(score))
    }
    let index = try index(tokens, place["vocab"])
    // Without an unknown token, the reference fails at the first text with an unknown character.
    let unknown = try place["unk_id"].integer()
    guard tokens.indices.contains(unknown) else {
      throw place["unk_id"].error("must be one of 0 to \(tokens.count - 1), as there are \(tokens.count) pieces")
    }
    let bytes = try bytes(place["byte_fallback"], index)
    let model = UnigramModel(index, scores: scores, unknown: Int32(unknown), bytes: bytes)
    let key = ["unigram \(unknown) \(bytes != nil)"] + scores.map { String($0.bitPattern, radix: 16) }
    return ModelReader(.unigram(model), index, key)
  }

  /// Returns a score as the reference reads it from the shortest digits that denote it, which is how scores are
  /// written.
  ///
  /// It divides the digits by a power of ten. The result may be the neighbour of the nearest number, and decides
  /// between divisions that are equally good.
  static func referenceValue(_ value: Double) -> Double {
    let parts = "\(value.magnitude)".split(separator: "e")
    let digits = parts[0].filter { $0 != "." }
    let point = parts[0].firstIndex(of: ".").map { parts[0].distance(from: $0, to: parts[0].endIndex) - 1 } ?? 0
    let exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) - point
    guard let significand = UInt64(digits), let power = Double("1e\(abs(exponent))"), power.isFinite else {
      return value
    }
    let result = exponent < 0 ? Double(significand) / power : Double(significand) * power
    return value < 0 ? -result : result
  }

  private static func bytePair(_ place: FilePlace, _ isByteLevel: Bool) throws -> ModelReader {
    if let dropout = place["dropout"].value, dropout.number != 0 {
      throw place["dropout"].error("is not supported, as it makes ids random; supported is null")
    }
    let tokens = try ordered(place["vocab"])
    let index = try index(tokens, place["vocab"])
    let prefix = Array(try place["continuing_subword_prefix"].string(or: "").utf8)
    let suffix = Array(try place["end_of_word_suffix"].string(or: "").utf8)
    for (name, mark) in [("continuing_subword_prefix", prefix), ("end_of_word_suffix", suffix)]
    where isByteLevel && !mark.isEmpty {
      throw place[name].error("is not supported with ByteLevel; supported is null")
    }
    let merges = try merges(place["merges"], index, prefix: prefix.count)
    let keys = isByteLevel ? tokens.map(ByteAlphabet.shared.bytes) : tokens.map { Array($0.utf8) }
    var unknown = BytePairModel.Unknown()
    if place["unk_token"].value != nil { unknown.id = try token(place["unk_token"], index) }
    unknown.isFused = try place["fuse_unk"].flag(or: false)
    unknown.bytes = try bytes(place["byte_fallback"], index)
    if isByteLevel, unknown.bytes != nil {
      throw place["byte_fallback"].error("is not supported with ByteLevel; supported is false")
    }
    var whole: PieceTrie?
    if try place["ignore_merges"].flag(or: false) {
      let pieces = keys.enumerated().compactMap { item in item.element.map { (bytes: $0, id: Int32(item.offset)) } }
      whole = PieceTrie(pieces.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) })
    }
    let model = BytePairModel(
      tokens: keys, isByteLevel: isByteLevel, prefix: prefix, suffix: suffix, merges: merges, unknown: unknown,
      whole: whole)
    let key =
      "bpe \(isByteLevel) \(prefix) \(suffix) \(unknown.id ?? -1) \(unknown.isFused) \(unknown.bytes != nil) \(whole != nil)"
    return ModelReader(.bytePair(model), index, [key] + merges.map { "\($0.left) \($0.right)" })
  }

  private static func merges(
    _ place: FilePlace, _ index: VocabularyIndex, prefix: Int
  ) throws -> [(left: Int32, right: Int32, merged: Int32)] {
    let ids = Dictionary(uniqueKeysWithValues: index.sorted.map { ($0.bytes, $0.id) })
    return try place.elements().map { merge in
      let parts: [[UInt8]]
      if let text = merge.value?.string {
        parts = text.utf8.split(separator: 0x20, omittingEmptySubsequences: false).map(Array.init)
      } else {
        parts = try merge.elements().map { Array(try $0.string().utf8) }
      }
      guard parts.count == 2 else { throw merge.error("must be two tokens") }
      let merged = parts[0] + parts[1].dropFirst(prefix)
      let found = try [parts[0], parts[1], merged].map { token in
        guard let id = ids[token] else {
          throw merge.error("'\(String(decoding: token, as: UTF8.self))' is not in the vocabulary")
        }
        return id
      }
      return (found[0], found[1], found[2])
    }
  }
}

/// The characters that stand for single bytes in the tokens of a byte-level model: printable ones for themselves, and
/// others from U+0100.
///
/// Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), `encoder.py`.
struct ByteAlphabet {
  static let shared = ByteAlphabet()
  private let values: [UInt32: UInt8]

  private init() {
    var (values, next) = ([UInt32: UInt8](), UInt32(256))
    for byte in UInt8.min...UInt8.max {
      if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE {
        values[UInt32(byte)] = byte
      } else {
        values[next] = byte
        next += 1
      }
    }
    self.values = values
  }

  /// Returns the bytes of a token, or `nil` if a character of it stands for no byte, so that no text contains it.
  func bytes(_ token: String) -> [UInt8]? {
    let found = token.unicodeScalars.compactMap { values[$0.value] }
    return found.count == token.unicodeScalars.count ? found : nil
  }
}
