import DistillFormats

/// A mistake in a list of tokens.
public struct VocabularyError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
  /// The id of the token with the mistake, or `nil` if the mistake is not in one token.
  public let id: Int?

  init(_ description: String, id: Int? = nil) {
    self.description = description
    self.id = id
  }
}

/// A vocabulary sorted by bytes, which finds repeated tokens and ids, and provides the sorted keys of the trie.
package struct VocabularyIndex {
  private let tokens: [String]
  package let sorted: [(bytes: [UInt8], id: Int32)]

  /// Sorts a vocabulary.
  ///
  /// - Throws: ``VocabularyError`` if there are no tokens, or if a token is empty or occurs twice.
  package init(_ tokens: [String]) throws(VocabularyError) {
    guard !tokens.isEmpty else { throw VocabularyError("holds no tokens") }
    self.tokens = tokens
    let keyed = tokens.enumerated().map { (bytes: Array($0.element.utf8), id: Int32($0.offset)) }
    sorted = keyed.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    if sorted[0].bytes.isEmpty {
      throw VocabularyError("the token with id \(sorted[0].id) is empty", id: Int(sorted[0].id))
    }
    for (one, next) in zip(sorted, sorted.dropFirst()) where one.bytes == next.bytes {
      let (first, again) = (min(one.id, next.id), max(one.id, next.id))
      throw VocabularyError("the token '\(tokens[Int(first)])' has two ids, \(first) and \(again)", id: Int(again))
    }
  }

  /// Returns the id of a token, found by binary search.
  package func id(of token: String) -> Int32? {
    let bytes = Array(token.utf8)
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle].bytes.lexicographicallyPrecedes(bytes) { low = middle + 1 } else { high = middle }
    }
    return low < sorted.count && sorted[low].bytes == bytes ? sorted[low].id : nil
  }

  func required(_ token: String) throws(VocabularyError) -> Int32 {
    guard let id = id(of: token) else {
      throw VocabularyError(
        "the special token \(token) is missing; a BERT vocabulary needs [PAD], [UNK], [CLS] and [SEP]")
    }
    return id
  }

  /// Returns the vocabulary followed by those added tokens that it does not contain.
  ///
  /// - Throws: ``VocabularyError`` if an added token is empty, or if its id is neither its id in the vocabulary nor, for a token
  ///   that the vocabulary does not contain, the next free id.
  package func extended(by added: [AddedToken]) throws(VocabularyError) -> [String] {
    var result = tokens
    for token in added.sorted(by: { $0.id < $1.id }) {
      if token.content.isEmpty { throw VocabularyError("the added token with id \(token.id) is empty") }
      let id = id(of: token.content) ?? Int32(result.count)
      if id == result.count { result.append(token.content) }
      guard token.id == id else {
        throw VocabularyError("the added token '\(token.content)' has id \(token.id), where \(id) is expected")
      }
    }
    return result
  }

  /// The trie of all pieces. In pieces that continue a word, one byte replaces the prefix `##`.
  package var trie: PieceTrie {
    let prefix = Array("##".utf8)
    var words: [(bytes: [UInt8], id: Int32)] = []
    var continuations: [(bytes: [UInt8], id: Int32)] = []
    for (bytes, id) in sorted {
      if bytes.count > 2, bytes.starts(with: prefix) {
        continuations.append(([PieceTrie.continuation] + bytes.dropFirst(2), id))
      } else {
        words.append((bytes, id))
      }
    }
    return PieceTrie(words + continuations)
  }
}

extension WordPieceTokenizer {
  /// Returns the SHA-256 digest of everything that affects the ids.
  static func fingerprint(
    _ vocabulary: [String], modelCount: Int, _ normalization: Normalization, _ added: [AddedToken], maxWordLength: Int
  ) -> String {
    let rules = normalization
    var fields = [
      "wordpiece 1", "\(rules.lowercase) \(rules.stripAccents) \(rules.spaceIdeographs) \(maxWordLength)",
    ]
    fields += added.map { "\($0.id) \($0.normalized) \($0.singleWord) \($0.stripsLeft) \($0.stripsRight)" }
    fields += ["\(modelCount)"] + vocabulary
    // The byte 0xFF ends each field, because it does not occur in UTF-8.
    return Checksum.hexDigest(of: fields.flatMap { Array($0.utf8) + [0xFF] })
  }
}
