/// The ids of words that were encoded before, for words of up to 15 bytes. It is emptied when it is full.
struct WordCache: Sendable {
  /// A word: its bytes, and its length in the highest byte. No word is empty, so zero is free.
  struct Key: Sendable, Equatable {
    var low: UInt64 = 0
    var high: UInt64 = 0

    static let longest = 15

    @inline(__always)
    init(_ text: [UInt8], _ word: Range<Int>) {
      let middle = min(word.lowerBound + 8, word.upperBound)
      for position in word.lowerBound..<middle { low = low << 8 | UInt64(text[position]) }
      for position in middle..<word.upperBound { high = high << 8 | UInt64(text[position]) }
      high |= UInt64(word.count) << 56
    }

    init() {}

    @inline(__always)
    var hash: UInt64 {
      let mixed = (low ^ high &* 0x9E37_79B9_7F4A_7C15) &* 0xD6E8_FEB8_6659_FD93
      return mixed ^ mixed >> 32
    }
  }

  private struct Slot {
    var key = Key()
    var start: Int32 = 0  // the id itself, if there is one
    var count: Int32 = 0
  }

  private var slots = [Slot](repeating: Slot(), count: 1 << 10)
  private var ids: [Int32] = []
  private var count = 0

  private static let mostSlots = 1 << 17

  /// Appends the ids of a word if they are known.
  @inline(__always)
  func append(_ key: Key, to result: inout [Int32]) -> Bool {
    let mask = slots.count - 1
    var place = Int(truncatingIfNeeded: key.hash) & mask
    while true {
      let slot = slots[place]
      if slot.key == key {
        if slot.count == 1 {
          result.append(slot.start)
        } else {
          let start = Int(slot.start)
          for index in start..<start + Int(slot.count) { result.append(ids[index]) }
        }
        return true
      }
      if slot.key.high == 0 { return false }
      place = (place + 1) & mask
    }
  }

  /// Remembers the ids of a word that is not in the cache.
  mutating func insert(_ key: Key, _ found: ArraySlice<Int32>) {
    if count * 2 >= slots.count { grow() }
    var slot = Slot(key: key, start: Int32(ids.count), count: Int32(found.count))
    if found.count == 1, let only = found.first { slot.start = only } else { ids += found }
    place(slot)
    count += 1
  }

  private mutating func place(_ slot: Slot) {
    let mask = slots.count - 1
    var place = Int(truncatingIfNeeded: slot.key.hash) & mask
    while slots[place].key.high != 0 { place = (place + 1) & mask }
    slots[place] = slot
  }

  private mutating func grow() {
    if slots.count >= Self.mostSlots {
      self = WordCache()
      return
    }
    let old = slots
    slots = [Slot](repeating: Slot(), count: old.count * 4)
    for slot in old where slot.key.high != 0 { place(slot) }
  }
}
