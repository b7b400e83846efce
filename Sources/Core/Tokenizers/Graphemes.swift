import DistillWordPiece

/// The boundaries of extended grapheme clusters (UAX #29) in UTF-8 text, with the classes of the reference's version of
/// Unicode.
struct Graphemes: Sendable {
  private let classes = ScalarClasses.shared

  /// Returns the end of the cluster that begins at `start`.
  func end(of text: [UInt8], from start: Int, _ upperBound: Int) -> Int {
    var position = start
    var last = text.scalar(at: &position)
    var lastClass = classes[last]
    var state = State(first: last, lastClass)
    while position < upperBound {
      var next = position
      let scalar = text.scalar(at: &next)
      let nextClass = classes[scalar]
      guard state.joins(last, lastClass, scalar, nextClass) else { break }
      state.add(scalar, nextClass)
      (position, last, lastClass) = (next, scalar, nextClass)
    }
    return position
  }

  /// What the rules that look further back need to know.
  private struct State {
    private var flags = 0  // regional indicators at the end of the cluster
    private var followsPicture = false  // an emoji and marks end the cluster
    private var joinsPicture = false  // so do they with one zero-width joiner behind them
    private var followsConsonant = false  // a consonant and marks of its conjunct end the cluster
    private var hasLinker = false

    init(first: UInt32, _ bits: UInt32) { add(first, bits) }

    mutating func add(_ scalar: UInt32, _ bits: UInt32) {
      flags = Self.isFlag(scalar) ? flags + 1 : 0
      joinsPicture = followsPicture && scalar == 0x200D
      followsPicture = bits & ScalarClasses.picture != 0 || followsPicture && bits & ScalarClasses.extending != 0
      if bits & ScalarClasses.consonant != 0 {
        (followsConsonant, hasLinker) = (true, false)
      } else if bits & ScalarClasses.linker != 0 {
        hasLinker = true
      } else if bits & ScalarClasses.conjunctMark == 0 {
        followsConsonant = false
      }
    }

    func joins(_ last: UInt32, _ lastBits: UInt32, _ next: UInt32, _ nextBits: UInt32) -> Bool {
      if last == 0x0D && next == 0x0A { return true }
      if (lastBits | nextBits) & ScalarClasses.control != 0 { return false }
      if nextBits & ScalarClasses.attached != 0 || lastBits & ScalarClasses.prepended != 0 { return true }
      if joinsHangul(last, next) { return true }
      if followsConsonant, hasLinker, nextBits & ScalarClasses.consonant != 0 { return true }
      if joinsPicture, nextBits & ScalarClasses.picture != 0 { return true }
      return flags % 2 == 1 && Self.isFlag(next)
    }

    /// The rules GB6 to GB8: a syllable is leading consonants, vowels and trailing consonants.
    private func joinsHangul(_ last: UInt32, _ next: UInt32) -> Bool {
      let (isVowel, isTrailing) = (Self.isVowel(next), Self.isTrailing(next))
      let isSyllable = (0xAC00...0xD7A3).contains(last)
      if Self.isLeading(last) {
        return Self.isLeading(next) || isVowel || (0xAC00...0xD7A3).contains(next)
      }
      if isVowel { return Self.isVowel(last) || isSyllable && (last - 0xAC00) % 28 == 0 }
      return isTrailing && (Self.isVowel(last) || Self.isTrailing(last) || isSyllable)
    }

    private static func isFlag(_ scalar: UInt32) -> Bool { (0x1F1E6...0x1F1FF).contains(scalar) }
    private static func isLeading(_ scalar: UInt32) -> Bool {
      (0x1100...0x115F).contains(scalar) || (0xA960...0xA97C).contains(scalar)
    }
    private static func isVowel(_ scalar: UInt32) -> Bool {
      (0x1160...0x11A7).contains(scalar) || (0xD7B0...0xD7C6).contains(scalar)
    }
    private static func isTrailing(_ scalar: UInt32) -> Bool {
      (0x11A8...0x11FF).contains(scalar) || (0xD7CB...0xD7FB).contains(scalar)
    }
  }
}
