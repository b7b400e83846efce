import DistillWordPiece

/// A unigram language model: a text is divided into the pieces whose scores have the largest sum.
///
/// Source: Kudo, "Subword Regularization" (2018); SentencePiece, `unigram_model.cc`.
struct UnigramModel: Sendable {
  private let trie: PieceTrie
  private let scores: [Double]
  private let unknown: Int32
  private let unknownScore: Double
  /// The tokens of single bytes, which replace an unknown text if all of its bytes have one.
  private let bytes: [Int32?]?

  /// How much lower than the lowest score that of an unknown character is.
  private static let unknownPenalty = 10.0

  init(_ index: VocabularyIndex, scores: [Double], unknown: Int32, bytes: [Int32?]?) {
    trie = PieceTrie(index.sorted)
    (self.scores, self.unknown, self.bytes) = (scores, unknown, bytes)
    unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
  }

  /// Appends the ids of a word. Unknown characters beside each other become one token.
  func append(_ text: [UInt8], _ word: Range<Int>, _ lattice: inout Lattice, to ids: inout [Int32]) {
    lattice.reset(word.count)
    var position = 0
    while position < word.count {
      let score = lattice.nodes[position].score
      let begin = Int32(position)
      let first = text[word.lowerBound + position]
      let next = position + (first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4)
      var hasCharacter = false
      trie.forEachPrefix(of: text, word.lowerBound + position..<word.upperBound) { id, end in
        lattice.offer(Lattice.Node(score: score + scores[Int(id)], begin: begin, id: id), at: end - word.lowerBound)
        if end - word.lowerBound == next { hasCharacter = true }
      }
      if !hasCharacter {
        lattice.offer(Lattice.Node(score: score + unknownScore, begin: begin, id: unknown), at: next)
      }
      position = next
    }
    lattice.trace(word.count)
    var end = 0
    while let node = lattice.path.popLast() {
      let start = Int(node.begin)
      end = lattice.path.last.map { Int($0.begin) } ?? word.count
      if node.id != unknown {
        ids.append(node.id)
        continue
      }
      while lattice.path.last?.id == unknown {
        lattice.path.removeLast()
        end = lattice.path.last.map { Int($0.begin) } ?? word.count
      }
      appendUnknown(text, word.lowerBound + start..<word.lowerBound + end, to: &ids)
    }
  }

  private func appendUnknown(_ text: [UInt8], _ part: Range<Int>, to ids: inout [Int32]) {
    if let id = trie.id(of: text, part) {  // several unknown characters may be a token that scored lower than they
      ids.append(id)
      return
    }
    if let bytes {
      let found = text[part].compactMap { bytes[Int($0)] }
      if found.count == part.count {
        ids += found
        return
      }
    }
    ids.append(unknown)
  }
}

/// The best path to each position of a word.
struct Lattice: Sendable {
  struct Node: Sendable {
    var score = 0.0
    var begin: Int32 = -1
    var id: Int32 = 0
  }
  private(set) var nodes: [Node] = []
  /// The nodes of the best path, the last first.
  var path: [Node] = []

  mutating func reset(_ count: Int) {
    nodes.removeAll(keepingCapacity: true)
    nodes.append(contentsOf: repeatElement(Node(), count: count + 1))
  }

  /// Keeps a node if its path is the first or the best to a position.
  @inline(__always)
  mutating func offer(_ node: Node, at end: Int) {
    if nodes[end].begin < 0 || node.score > nodes[end].score { nodes[end] = node }
  }

  mutating func trace(_ count: Int) {
    path.removeAll(keepingCapacity: true)
    var end = count
    while end > 0 {
      path.append(nodes[end])
      end = Int(nodes[end].begin)
    }
  }
}
