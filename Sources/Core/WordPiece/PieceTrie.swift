/// The pieces of a vocabulary as a double-array trie over UTF-8 bytes.
///
/// A node is a slot of an array. The child of node `n` for byte `b` is slot `base(n) + b`, if the parent of that slot is `n`.
/// A step down therefore costs one addition and one comparison.
///
/// Source: Aoe, "An Efficient Digital Search Algorithm by Using a Double-Array Structure" (1989).
package struct PieceTrie: Sendable {
  /// A slot. Its parent is negative if it is free, and its id is negative if no piece ends here.
  @usableFromInline struct Node {
    @usableFromInline var base: Int32 = 0
    @usableFromInline var parent: Int32 = -1
    @usableFromInline var id: Int32 = -1
  }
  /// The first byte of pieces that continue a word. This byte does not occur in UTF-8.
  static let continuation: UInt8 = 0xFF

  @usableFromInline private(set) var nodes: [Node]
  /// The node where pieces that begin a word start.
  package let wordRoot = 0
  /// The node where pieces that continue a word start, or −1 if there are none.
  package private(set) var continuationRoot = -1

  /// Builds a trie.
  ///
  /// - Parameter keys: Pieces in ascending order of their bytes. They must be distinct and not empty.
  package init(_ keys: [(bytes: [UInt8], id: Int32)]) {
    nodes = [Node](repeating: Node(), count: keys.count * 4 + 512)
    nodes[0].parent = 0
    var pending = [(node: 0, depth: 0, keys: keys.indices)]
    var lowestFree = 1
    while let (node, depth, range) = pending.popLast() {
      var children: [(byte: Int, keys: Range<Int>)] = []
      for index in range {
        let bytes = keys[index].bytes
        if bytes.count == depth {
          nodes[node].id = keys[index].id
        } else if let last = children.last, last.byte == Int(bytes[depth]) {
          children[children.count - 1].keys = last.keys.lowerBound..<index + 1
        } else {
          children.append((Int(bytes[depth]), index..<index + 1))
        }
      }
      guard !children.isEmpty else { continue }
      let base = freeBase(for: children.map(\.byte), from: &lowestFree)
      nodes[node].base = Int32(base)
      for child in children {
        nodes[base + child.byte].parent = Int32(node)
        pending.append((base + child.byte, depth + 1, child.keys))
      }
    }
    nodes[0].parent = -1  // the root has no parent; it was 0 only to mark its slot as taken
    // A byte added to any base must be a valid index, so that the search needs no check.
    let end = (nodes.lastIndex { $0.parent >= 0 } ?? 0) + 257
    nodes = Array(nodes.prefix(end)) + Array(repeating: Node(), count: max(0, end - nodes.count))
    let slot = Int(nodes[0].base) + Int(Self.continuation)
    if nodes[slot].parent == 0 { continuationRoot = slot }
  }

  /// Returns a base with which the slots for all `bytes`, which are in ascending order, are free.
  private mutating func freeBase(for bytes: [Int], from lowestFree: inout Int) -> Int {
    while lowestFree < nodes.count, nodes[lowestFree].parent >= 0 { lowestFree += 1 }
    var slot = max(lowestFree, bytes[0] + 1)
    var occupied = 0
    let start = slot
    while true {
      let base = slot - bytes[0]
      if base + 256 >= nodes.count { nodes += Array(repeating: Node(), count: nodes.count / 2 + 512) }
      if bytes.allSatisfy({ nodes[base + $0].parent < 0 }) {
        // A region where more than 95 % of the slots are taken is not searched again. The free slots in it cost little memory.
        if occupied * 20 > (slot - start) * 19 { lowestFree = max(lowestFree, slot) }
        return base
      }
      if nodes[slot].parent >= 0 { occupied += 1 }
      slot += 1
    }
  }

  /// Returns the id and the end of the longest piece under `root` with which `text[range]` begins.
  @inline(__always) @inlinable
  package func longest(from root: Int, _ text: [UInt8], _ range: Range<Int>) -> (id: Int32, end: Int)? {
    guard root >= 0 else { return nil }
    var node = root
    var best: (id: Int32, end: Int)?
    for position in range {
      let slot = Int(nodes[node].base) + Int(text[position])
      let child = nodes[slot]
      guard Int(child.parent) == node else { break }
      node = slot
      if child.id >= 0 { best = (child.id, position + 1) }
    }
    return best
  }

  /// Calls `visit` with the id and the end of every piece with which `text[range]` begins, the shortest first.
  @inline(__always) @inlinable
  package func forEachPrefix(of text: [UInt8], _ range: Range<Int>, _ visit: (_ id: Int32, _ end: Int) -> Void) {
    var node = wordRoot
    for position in range {
      let slot = Int(nodes[node].base) + Int(text[position])
      let child = nodes[slot]
      guard Int(child.parent) == node else { return }
      node = slot
      if child.id >= 0 { visit(child.id, position + 1) }
    }
  }

  /// Returns the id of the piece that is `text[range]`.
  package func id(of text: [UInt8], _ range: Range<Int>) -> Int32? {
    guard let piece = longest(from: wordRoot, text, range), piece.end == range.upperBound else { return nil }
    return piece.id
  }
}
