import DistillText
import Foundation

/// BERT's tokenizer, which gives the same ids as Hugging Face `tokenizers` (BertNormalizer, BertPreTokenizer, WordPiece).
///
/// A text is normalised and split at whitespace and around punctuation. Each word is then divided from left to right into the
/// longest pieces that the vocabulary contains (Devlin et al. 2019; Wu et al. 2016). A word that cannot be divided completely, or
/// that is longer than `maxWordLength`, becomes `[UNK]`.
///
/// One text becomes `[CLS] A [SEP]`, and a pair of texts becomes `[CLS] A [SEP] B [SEP]`.
public struct WordPieceTokenizer: Tokenizer {
  /// The special tokens. A vocabulary must contain all of them except `[MASK]`, which is optional.
  public static let specialTokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

  /// The tokens in the order of their ids. The tokens of the model come first, followed by added tokens.
  public let vocabulary: [String]
  public let normalization: Normalization
  /// The added tokens in the order of their ids.
  public let addedTokens: [AddedToken]
  /// The largest number of scalars in a word. A longer word becomes `[UNK]`.
  public let maxWordLength: Int
  public let fingerprint: String
  /// The maximum length that a file states for the model. It is only written back.
  private(set) var modelMaxLength: Int?

  /// The number of tokens in the model's own vocabulary. All others are only added tokens.
  let modelCount: Int
  let classifier: Int32
  let separator: Int32
  private let unknown: Int32
  private let trie: PieceTrie
  private let normalizer: Normalizer
  private let added: AddedTokenMatcher
  private let addedNormalized: AddedTokenMatcher

  public var vocabularySize: Int { vocabulary.count }

  /// Creates a tokenizer from a vocabulary.
  ///
  /// - `vocabulary`: The tokens in the order of their ids. Pieces that continue a word begin with `##`.
  /// - `addedTokens`: If this is `nil`, the added tokens are the special tokens. An added token that is not in the vocabulary
  ///   must have the next free id.
  /// - Throws: `VocabularyError` if a token is empty or repeated, or if a special token is missing.
  public init(
    vocabulary: [String], normalization: Normalization = Normalization(), addedTokens: [AddedToken]? = nil,
    maxWordLength: Int = 100
  ) throws {
    try self.init(
      vocabulary, normalization: normalization, addedTokens: addedTokens, maxWordLength: maxWordLength,
      modelMaxLength: nil)
  }

  init(
    _ model: [String], normalization: Normalization, addedTokens: [AddedToken]?, maxWordLength: Int,
    modelMaxLength: Int?
  ) throws(VocabularyError) {
    let index = try VocabularyIndex(model)
    unknown = try index.required("[UNK]")
    classifier = try index.required("[CLS]")
    separator = try index.required("[SEP]")
    _ = try index.required("[PAD]")
    let addedTokens =
      addedTokens ?? Self.specialTokens.compactMap { name in index.id(of: name).map { AddedToken(name, id: $0) } }
    vocabulary = try index.extended(by: addedTokens)
    modelCount = model.count
    trie = index.trie
    self.normalization = normalization
    self.addedTokens = addedTokens.sorted { $0.id < $1.id }
    self.maxWordLength = maxWordLength
    self.modelMaxLength = modelMaxLength
    let normalizer = Normalizer(normalization)
    self.normalizer = normalizer
    added = AddedTokenMatcher(
      addedTokens.filter { !$0.normalized }.map { (Array($0.content.utf8), $0) }, table: normalizer.table)
    addedNormalized = AddedTokenMatcher(
      addedTokens.filter(\.normalized).map { token in
        let content = Array(token.content.utf8)
        var pattern: [UInt8] = []
        normalizer.normalize(content, content.indices, into: &pattern)
        return (pattern, token)
      }, table: normalizer.table)
    fingerprint = Self.fingerprint(
      vocabulary, modelCount: model.count, normalization, self.addedTokens, maxWordLength: maxWordLength)
  }

  /// Returns the ids of `text`, or of `text` and `pair`, including special tokens.
  ///
  /// - `maxLength`: The largest number of ids. Tokens are removed from the end of the longer text first (`longest_first`).
  ///   Special tokens are never removed, so a text has at least 2 ids and a pair at least 3.
  public func encode(_ text: String, pair: String? = nil, maxLength: Int? = nil) -> TokenSequence {
    var ids: [Int32] = [classifier]
    append(text, to: &ids)
    guard let pair else {
      if let maxLength { ids.removeLast(max(0, ids.count - max(1, maxLength - 1))) }
      ids.append(separator)
      return TokenSequence(ids: ids, typeIDs: [Int32](repeating: 0, count: ids.count))
    }
    var second: [Int32] = []
    append(pair, to: &second)
    if let maxLength {
      let (kept, keptSecond) = Self.longestFirst(ids.count - 1, second.count, limit: max(0, maxLength - 3))
      ids.removeLast(ids.count - 1 - kept)
      second.removeLast(second.count - keptSecond)
    }
    ids.append(separator)
    let first = ids.count
    ids += second
    ids.append(separator)
    var typeIDs = [Int32](repeating: 0, count: ids.count)
    for index in first..<ids.count { typeIDs[index] = 1 }
    return TokenSequence(ids: ids, typeIDs: typeIDs)
  }

  /// Returns the same tokenizer, whose files state another maximum length, to which `transformers` shortens texts.
  ///
  /// - Parameter maximumLength: The most tokens of a sequence, special tokens included.
  public func stating(maximumLength: Int) -> WordPieceTokenizer {
    var stated = self
    stated.modelMaxLength = maximumLength
    return stated
  }

  /// Returns the lengths to which texts of `a` and `b` tokens are shortened so that they have at most `limit` tokens together.
  package static func longestFirst(_ a: Int, _ b: Int, limit: Int) -> (Int, Int) {
    guard a + b > limit else { return (a, b) }
    var short = min(a, b)
    var long = max(short, limit - short)
    if short + long > limit {
      short = limit / 2
      long = limit - short
    }
    return a > b ? (long, short) : (short, long)
  }

  /// Returns the normalised words that `text` is split into. Added tokens are not searched.
  package func words(in text: String) -> [String] {
    let bytes = Array(text.utf8)
    var normalized: [UInt8] = []
    normalizer.normalize(bytes, bytes.indices, into: &normalized)
    var words: [String] = []
    forEachWord(normalized, normalized.indices) { words.append(String(decoding: normalized[$0], as: UTF8.self)) }
    return words
  }

  /// Appends the ids of a text without `[CLS]` and `[SEP]`.
  ///
  /// Added tokens are searched twice, in the text as it is and then in the normalised parts between them.
  private func append(_ text: String, to ids: inout [Int32]) {
    let bytes = Array(text.utf8)
    var normalized: [UInt8] = []
    normalized.reserveCapacity(bytes.count + 16)
    added.split(bytes, bytes.indices) { id, part in
      if let id {
        ids.append(id)
        return
      }
      normalized.removeAll(keepingCapacity: true)
      normalizer.normalize(bytes, part, into: &normalized)
      addedNormalized.split(normalized, normalized.indices) { id, part in
        if let id {
          ids.append(id)
        } else {
          forEachWord(normalized, part) { appendPieces(normalized, $0, to: &ids) }
        }
      }
    }
  }

  /// Splits a text at whitespace, which is dropped, and around punctuation, which is kept.
  @inline(__always)
  private func forEachWord(_ text: [UInt8], _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    var start = range.lowerBound
    var position = start
    while position < range.upperBound {
      let before = position
      let entry = normalizer.table.entries[Int(text.scalar(at: &position))]
      guard entry & ScalarTable.Class.boundary != 0 else { continue }
      if start < before { body(start..<before) }
      if entry & ScalarTable.Class.punctuation != 0 { body(before..<position) }
      start = position
    }
    if start < range.upperBound { body(start..<range.upperBound) }
  }

  /// Appends the ids of a word's pieces, or that of `[UNK]`.
  @inline(__always)
  private func appendPieces(_ text: [UInt8], _ word: Range<Int>, to ids: inout [Int32]) {
    let count = ids.count
    var root = trie.wordRoot
    var position = word.lowerBound
    if word.count > maxWordLength, text[word].count(where: { $0 & 0xC0 != 0x80 }) > maxWordLength {
      ids.append(unknown)
      return
    }
    while position < word.upperBound {
      guard let piece = trie.longest(from: root, text, position..<word.upperBound) else {
        ids.removeLast(ids.count - count)
        ids.append(unknown)
        return
      }
      ids.append(piece.id)
      position = piece.end
      root = trie.continuationRoot
    }
  }
}
