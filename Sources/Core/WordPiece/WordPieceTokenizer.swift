import DistillText
import Foundation

/// BERT's tokenizer, id for id the one of Hugging Face `tokenizers` (BertNormalizer, BertPreTokenizer, WordPiece).
///
/// Text is normalised, cut at whitespace and around punctuation, and every word is taken apart greedily into the
/// longest pieces of the vocabulary (Devlin et al. 2019; Wu et al. 2016). A word that cannot be, or that is longer than
/// `maxWordLength`, becomes `[UNK]`. One text is `[CLS] A [SEP]`, a pair `[CLS] A [SEP] B [SEP]`.
public struct WordPieceTokenizer: Tokenizer {
  /// The special tokens that a vocabulary must hold, and `[MASK]`, which it may.
  public static let specialTokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

  /// The tokens in order of their ids; those of the model first, then added ones.
  public let vocabulary: [String]
  public let normalization: Normalization
  public let addedTokens: [AddedToken]
  /// Longer words, in scalars, are `[UNK]`.
  public let maxWordLength: Int
  public let fingerprint: String
  /// The length that the model was made for, if a file said so; written back, otherwise unused.
  let modelMaxLength: Int?

  /// How many of the tokens are pieces of words, not only added ones.
  let modelCount: Int
  let classifier: Int32
  let separator: Int32
  private let unknown: Int32
  private let trie: PieceTrie
  private let normalizer: Normalizer
  private let added: AddedTokenMatcher
  private let addedNormalized: AddedTokenMatcher

  public var vocabularySize: Int { vocabulary.count }

  /// - `vocabulary`: the tokens in order of their ids; pieces that continue a word begin with `##`.
  /// - `addedTokens`: by default the special tokens. One that is not in the vocabulary gets the id after the last.
  /// - Throws: `VocabularyError` for an empty or repeated token and for a missing special token.
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

  /// - `maxLength`: the longer text loses its last tokens first (`longest_first`). Special tokens are never
  ///   dropped: no text is left below 2 ids, or 3 for a pair.
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

  /// The lengths to which texts of `a` and `b` tokens are cut so that together they have at most `limit`.
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

  /// The words that `text` is cut into; added tokens are not looked for.
  package func words(in text: String) -> [String] {
    let bytes = Array(text.utf8)
    var normalized: [UInt8] = []
    normalizer.normalize(bytes, bytes.indices, into: &normalized)
    var words: [String] = []
    forEachWord(normalized, normalized.indices) { words.append(String(decoding: normalized[$0], as: UTF8.self)) }
    return words
  }

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

  /// Cuts at whitespace, which is dropped, and around punctuation, which is kept.
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
