import DistillWordPiece

/// A vocabulary of which a word takes the longest pieces from left to right, as `WordPieceTokenizer` does, with any
/// special tokens.
struct WordPieceModel: Sendable {
  let trie: PieceTrie
  let unknown: Int32
  /// The largest number of scalars in a word. A longer word is unknown.
  let maxWordLength: Int

  /// Appends the ids of a word, or that of the unknown token.
  func append(_ text: [UInt8], _ word: Range<Int>, to ids: inout [Int32]) {
    let count = ids.count
    var (root, position) = (trie.wordRoot, word.lowerBound)
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
      (position, root) = (piece.end, trie.continuationRoot)
    }
  }
}
