import DistillText
import DistillWordPiece

/// A byte-pair encoding: a word is divided into characters, and the pair that was learnt first is merged until none is
/// left.
///
/// With `ByteLevel`, the characters are bytes, and the tokens are translated to bytes when they are read.
///
/// Source: Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword Units" (2016).
struct BytePairModel: Sendable {
  /// What becomes of characters that are not in the vocabulary.
  struct Unknown: Sendable {
    var id: Int32?
    /// Whether several of them become one.
    var isFused = false
    /// The tokens of single bytes, which replace an unknown character if all of its bytes have one.
    var bytes: [Int32?]?
  }
  private let isByteLevel: Bool
  private let bytes: [Int32]  // the ids of single bytes, or −1
  private let characters: [UInt64: Int32]  // by scalar and by its place in a word
  private let pairs: PairTable
  private let unknown: Unknown
  /// Finds whole words, which are not divided; `nil` if words are always divided.
  private let whole: PieceTrie?

  /// The place of a character in a word, where it may have another token.
  private static let isFirst: UInt64 = 1 << 32
  private static let isLast: UInt64 = 1 << 33

  /// Creates a model.
  ///
  /// - `tokens`: The bytes of each token in the order of their ids, or `nil` if no text contains the token.
  /// - `prefix`, `suffix`: What a token has that continues a word, or that ends one.
  /// - `merges`: The ids of two tokens and of what they are merged to, in the order of learning.
  init(
    tokens: [[UInt8]?], isByteLevel: Bool, prefix: [UInt8], suffix: [UInt8],
    merges: [(left: Int32, right: Int32, merged: Int32)], unknown: Unknown, whole: PieceTrie?
  ) {
    self.isByteLevel = isByteLevel
    self.unknown = unknown
    self.whole = whole
    pairs = PairTable(merges)
    var bytes = [Int32](repeating: -1, count: 256)
    var characters: [UInt64: Int32] = [:]
    for (id, token) in tokens.enumerated() {
      guard let token else { continue }
      if isByteLevel {
        if token.count == 1 { bytes[Int(token[0])] = Int32(id) }
        continue
      }
      for place in [0, Self.isFirst, Self.isLast, Self.isFirst | Self.isLast] {
        var rest = token[...]
        if place & Self.isFirst == 0 {
          guard rest.starts(with: prefix) else { continue }
          rest = rest.dropFirst(prefix.count)
        }
        if place & Self.isLast != 0 {
          guard rest.suffix(suffix.count) == suffix[...] else { continue }
          rest = rest.dropLast(suffix.count)
        }
        var position = 0
        let character = Array(rest)
        guard let first = character.first else { continue }
        let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        if character.count == length { characters[UInt64(character.scalar(at: &position)) | place] = Int32(id) }
      }
    }
    (self.bytes, self.characters) = (bytes, characters)
  }

  /// Appends the ids of a word.
  func append(_ text: [UInt8], _ word: Range<Int>, _ merging: inout Merging, to ids: inout [Int32]) {
    if let whole, let id = whole.id(of: text, word) {
      ids.append(id)
      return
    }
    merging.symbols.removeAll(keepingCapacity: true)
    if isByteLevel {
      for position in word { add(bytes[Int(text[position])], text, position..<position + 1, &merging) }
    } else {
      var position = word.lowerBound
      while position < word.upperBound {
        let start = position
        var key = UInt64(text.scalar(at: &position))
        if start == word.lowerBound { key |= Self.isFirst }
        if position == word.upperBound { key |= Self.isLast }
        add(characters[key] ?? -1, text, start..<position, &merging)
      }
    }
    merging.finishUnknown()
    merging.merge(pairs)
    ids += merging.symbols
  }

  @inline(__always)
  private func add(_ id: Int32, _ text: [UInt8], _ character: Range<Int>, _ merging: inout Merging) {
    if id >= 0 {
      merging.finishUnknown()
      merging.symbols.append(id)
    } else {
      addUnknown(text, character, &merging)
    }
  }

  /// The reference writes the bytes of a character at once, but its unknown tokens only before the next known
  /// character.
  private func addUnknown(_ text: [UInt8], _ character: Range<Int>, _ merging: inout Merging) {
    if let table = unknown.bytes {
      let found = text[character].compactMap { table[Int($0)] }
      if found.count == character.count {
        merging.symbols += found
        return
      }
    }
    guard let id = unknown.id else { return }
    if !unknown.isFused { merging.finishUnknown() }
    merging.unknown = id
  }
}

/// The symbols of a word while pairs of them are merged.
struct Merging: Sendable {
  var symbols: [Int32] = []
  /// An unknown token that is not in `symbols` yet.
  var unknown: Int32?
  private var ranks: [Int32] = []  // of the pair that begins here
  private var next: [Int32] = []
  private var previous: [Int32] = []

  /// The number of symbols above which a heap finds the next pair, so that the time does not grow with their square.
  private static let short = 32

  mutating func finishUnknown() {
    guard let id = unknown else { return }
    symbols.append(id)
    unknown = nil
  }

  mutating func merge(_ pairs: PairTable) {
    if symbols.count > Self.short { return mergeMany(pairs) }
    var count = symbols.count
    guard count > 1 else { return }
    ranks.removeAll(keepingCapacity: true)
    for index in 1..<count { ranks.append(pairs.rank(symbols[index - 1], symbols[index])) }
    while count > 1 {
      var (best, place) = (Int32.max, 0)
      for index in 0..<count - 1 where ranks[index] < best { (best, place) = (ranks[index], index) }
      guard best < Int32.max else { break }
      symbols[place] = pairs.merged[Int(best)]
      count -= 1
      for index in place + 1..<max(count, place + 1) { symbols[index] = symbols[index + 1] }
      for index in place..<max(count - 1, place) { ranks[index] = ranks[index + 1] }
      if place > 0 { ranks[place - 1] = pairs.rank(symbols[place - 1], symbols[place]) }
      if place + 1 < count { ranks[place] = pairs.rank(symbols[place], symbols[place + 1]) }
    }
    symbols.removeLast(symbols.count - count)
  }

  private mutating func mergeMany(_ pairs: PairTable) {
    let count = symbols.count
    next = (1...Int32(count)).map { $0 }
    previous = (0..<Int32(count)).map { $0 - 1 }
    ranks = [Int32](repeating: .max, count: count)
    var heap = MinimumHeap()
    func update(_ place: Int, _ state: inout Merging) {
      let right = Int(state.next[place])
      state.ranks[place] = right < count ? pairs.rank(state.symbols[place], state.symbols[right]) : .max
      if state.ranks[place] < .max { heap.push(UInt64(state.ranks[place]) << 32 | UInt64(place)) }
    }
    for place in 0..<count { update(place, &self) }
    while let top = heap.pop() {
      let (place, rank) = (Int(top & 0xFFFF_FFFF), Int32(top >> 32))
      guard ranks[place] == rank else { continue }  // one of the two has been merged with another
      let right = Int(next[place])
      symbols[place] = pairs.merged[Int(rank)]
      symbols[right] = -1
      ranks[right] = .max
      next[place] = next[right]
      if Int(next[place]) < count { previous[Int(next[place])] = Int32(place) }
      update(place, &self)
      if previous[place] >= 0 { update(Int(previous[place]), &self) }
    }
    symbols.removeAll { $0 < 0 }
  }
}

/// The ranks of pairs of tokens, in a hash table with open addressing.
struct PairTable: Sendable {
  private struct Slot {
    var pair: UInt64 = .max
    var rank: Int32 = .max
  }
  private var slots: [Slot]
  private let shift: UInt64
  /// What the pair of each rank is merged to.
  let merged: [Int32]

  init(_ merges: [(left: Int32, right: Int32, merged: Int32)]) {
    var bits = 4
    while 1 << bits < merges.count * 2 { bits += 1 }
    slots = [Slot](repeating: Slot(), count: 1 << bits)
    shift = UInt64(64 - bits)
    merged = merges.map(\.merged)
    for (rank, merge) in merges.enumerated() {
      let pair = Self.pair(merge.left, merge.right)
      slots[place(of: pair)] = Slot(pair: pair, rank: Int32(rank))  // if a pair is repeated, the last counts
    }
  }

  @inline(__always)
  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// Returns the slot of a pair, or the free slot where it would be.
  @inline(__always)
  private func place(of pair: UInt64) -> Int {
    var place = Int(truncatingIfNeeded: (pair &* 0x9E37_79B9_7F4A_7C15) >> shift)
    while slots[place].pair != pair, slots[place].pair != .max { place = (place + 1) & (slots.count - 1) }
    return place
  }

  /// Returns the rank of a pair, or the largest number if it is never merged.
  @inline(__always)
  func rank(_ left: Int32, _ right: Int32) -> Int32 { slots[place(of: Self.pair(left, right))].rank }
}

/// A heap that returns the smallest number first.
private struct MinimumHeap {
  private var items: [UInt64] = []

  mutating func push(_ item: UInt64) {
    items.append(item)
    var place = items.count - 1
    while place > 0, items[place] < items[(place - 1) / 2] {
      items.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  mutating func pop() -> UInt64? {
    guard let top = items.first, let last = items.popLast() else { return nil }
    guard !items.isEmpty else { return top }
    items[0] = last
    var place = 0
    while true {
      var smallest = place
      for child in [2 * place + 1, 2 * place + 2] where child < items.count && items[child] < items[smallest] {
        smallest = child
      }
      if smallest == place { return top }
      items.swapAt(place, smallest)
      place = smallest
    }
  }
}
