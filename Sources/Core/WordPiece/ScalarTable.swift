/// A table of all Unicode scalars, with the result of normalisation and the class for splitting into words.
///
/// Both are in one entry, so one memory access gives both. Bits 0–20 of an entry are a payload, bits 21–22 are the action that
/// uses it, and bits 24–26 are the class of the scalar itself.
package struct ScalarTable: Sendable {
  /// The result of normalisation for a scalar.
  enum Action {
    static let mask: UInt32 = 3 << 21
    /// The payload is written.
    static let replace: UInt32 = 0
    /// Nothing is written.
    static let remove: UInt32 = 1 << 21
    /// The payload is written with a space before and after it.
    static let space: UInt32 = 2 << 21
    /// The payload is an index into `expansions`.
    static let expand: UInt32 = 3 << 21
  }
  /// The class of a scalar for splitting and for the boundaries of added tokens.
  enum Class {
    static let whitespace: UInt32 = 1 << 24
    static let punctuation: UInt32 = 1 << 25
    static let boundary = whitespace | punctuation
    static let word: UInt32 = 1 << 26
  }
  static let payload: UInt32 = (1 << 21) - 1
  /// An item of `expansions` for a removed mark whose combining class is 0. It writes nothing, but no mark moves across it.
  static let barrier = payload

  private(set) var entries: [UInt32]
  /// Sequences of scalars. Each begins with its length, and each scalar has its combining class in the bits from 21.
  private(set) var expansions: [UInt32] = []

  /// Creates the table. Each step changes the results of the steps before it.
  package init(_ normalization: Normalization) {
    entries = (0..<UInt32(UnicodeTables.scalarCount)).map { $0 }
    if normalization.lowercase { mapToLowercase() }
    if normalization.stripAccents { stripAccents() }
    if normalization.spaceIdeographs { mark(UnicodeTables.ideographs, Action.space) }
    mark(UnicodeTables.whitespace, Class.whitespace)
    mark(UnicodeTables.punctuation, Class.punctuation)
    mark(UnicodeTables.word, Class.word)
    for item in UnicodeTables.items(UnicodeTables.whitespace) {
      for scalar in item.scalars { entries[scalar] = entries[scalar] & ~Self.payload | 0x20 }
    }
    for item in UnicodeTables.items(UnicodeTables.removed) {
      for scalar in item.scalars { entries[scalar] = entries[scalar] & ~Action.mask | Action.remove }
    }
  }

  private mutating func mark(_ table: String, _ bits: UInt32) {
    for item in UnicodeTables.items(table) {
      for scalar in item.scalars { entries[scalar] |= bits }
    }
  }

  private mutating func mapToLowercase() {
    for item in UnicodeTables.items(UnicodeTables.lowercase) {
      if item.values.count > 1 {
        expand(Int(item.first), item.values)
      } else {
        for scalar in item.scalars { entries[scalar] = UInt32(scalar) - item.first + item.values[0] }
      }
    }
  }

  /// Adds canonical decompositions and removes nonspacing marks.
  ///
  /// The normaliser sorts marks after this table has removed some. The order of the others is the same, because the sort is
  /// stable.
  private mutating func stripAccents() {
    // BERT's normaliser decomposes before it maps to lower case, so each part of a decomposition is mapped.
    let lowered = self
    var classes = [UInt8](repeating: 0, count: UnicodeTables.scalarCount)
    for item in UnicodeTables.items(UnicodeTables.combiningClasses) {
      for scalar in item.scalars { classes[scalar] = UInt8(item.values[0]) }
    }
    var isMark = [Bool](repeating: false, count: UnicodeTables.scalarCount)
    for item in UnicodeTables.items(UnicodeTables.marks) {
      for scalar in item.scalars { isMark[scalar] = true }
    }
    /// Returns what remains of a scalar that has no decomposition.
    func rest(_ scalar: Int) -> [UInt32] {
      let order = UInt32(classes[scalar]) << 21
      if isMark[scalar] { return order == 0 ? [Self.barrier] : [] }
      return lowered.scalars(at: scalar).map { $0 | order }
    }
    for scalar in entries.indices where isMark[scalar] || classes[scalar] != 0 { expand(scalar, rest(scalar)) }
    for item in UnicodeTables.items(UnicodeTables.decompositions) {
      expand(Int(item.first), item.values.flatMap { rest(Int($0)) })
    }
    // Hangul syllables are decomposed by arithmetic (section 3.12 of the Unicode Standard).
    for syllable in 0..<11172 {
      var jamo: [UInt32] = [0x1100 + UInt32(syllable / 588), 0x1161 + UInt32(syllable % 588 / 28)]
      if syllable % 28 != 0 { jamo.append(0x11A7 + UInt32(syllable % 28)) }
      expand(0xAC00 + syllable, jamo)
    }
  }

  /// Returns the scalars that an entry writes.
  private func scalars(at scalar: Int) -> [UInt32] {
    let entry = entries[scalar]
    guard entry & Action.mask == Action.expand else { return [entry & Self.payload] }
    let place = Int(entry & Self.payload)
    return Array(expansions[place + 1...place + Int(expansions[place])])
  }

  private mutating func expand(_ scalar: Int, _ scalars: [UInt32]) {
    switch scalars.count {
    case 0: entries[scalar] = Action.remove
    case 1 where scalars[0] < Self.barrier: entries[scalar] = scalars[0]
    default:
      entries[scalar] = Action.expand | UInt32(expansions.count)
      expansions.append(UInt32(scalars.count))
      expansions += scalars
    }
  }
}
