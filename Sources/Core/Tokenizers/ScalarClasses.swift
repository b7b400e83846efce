import DistillWordPiece

/// The classes of all Unicode scalars, in pages of 256 scalars of which equal ones are stored once.
struct ScalarClasses: Sendable {
  static let shared = ScalarClasses()

  static let letter: UInt32 = 1 << 0
  static let number: UInt32 = 1 << 1
  static let space: UInt32 = 1 << 2
  static let digit: UInt32 = 1 << 3
  static let punctuation: UInt32 = 1 << 4
  static let word: UInt32 = 1 << 5
  // Classes for grapheme clusters.
  static let attached: UInt32 = 1 << 8
  static let extending: UInt32 = 1 << 9
  static let control: UInt32 = 1 << 10
  static let prepended: UInt32 = 1 << 11
  static let picture: UInt32 = 1 << 12
  static let linker: UInt32 = 1 << 13
  static let consonant: UInt32 = 1 << 14
  static let conjunctMark: UInt32 = 1 << 15

  private var pages: [UInt16] = []
  private var entries: [UInt32] = []

  private init() {
    var all = [UInt32](repeating: 0, count: UnicodeTables.scalarCount)
    for (table, bits) in [
      (UnicodeTables.letters, Self.letter), (UnicodeTables.numbers, Self.number),
      (UnicodeTables.whitespace, Self.space),
      (UnicodeTables.digits, Self.digit), (UnicodeTables.punctuation, Self.punctuation),
      (UnicodeTables.word, Self.word), (UnicodeTables.attached, Self.attached),
      (UnicodeTables.extending, Self.extending), (UnicodeTables.controls, Self.control),
      (UnicodeTables.prepended, Self.prepended), (UnicodeTables.pictures, Self.picture),
      (UnicodeTables.linkers, Self.linker), (UnicodeTables.consonants, Self.consonant),
      (UnicodeTables.conjunctMarks, Self.conjunctMark),
    ] {
      for item in UnicodeTables.items(table) {
        for scalar in item.scalars { all[scalar] |= bits }
      }
    }
    var known: [ArraySlice<UInt32>: UInt16] = [:]
    for start in stride(from: 0, to: all.count, by: 256) {
      let page = all[start..<start + 256]
      if let number = known[page] {
        pages.append(number)
      } else {
        known[page] = UInt16(entries.count / 256)
        pages.append(UInt16(entries.count / 256))
        entries += page
      }
    }
  }

  @inline(__always)
  subscript(scalar: UInt32) -> UInt32 { entries[Int(pages[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)] }
}
