import DistillWordPiece

/// GPT-2's pattern, which divides a text into words with the space before them, numbers, signs and whitespace.
///
/// The pattern is `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`. The scanner reads each
/// byte once.
///
/// Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), `encoder.py`.
struct WordScanner: Sendable {
  static let shared = WordScanner()

  /// The kinds of scalars, of which a word has one.
  private enum Kind {
    static let letter: UInt8 = 0
    static let number: UInt8 = 1
    static let space: UInt8 = 2
    static let other: UInt8 = 3
    /// The first byte of a scalar beyond ASCII.
    static let beyond: UInt8 = 4
  }
  private let kinds: [UInt8]  // indexed by byte
  private let classes = ScalarClasses.shared

  private init() {
    let classes = ScalarClasses.shared
    kinds = (0..<256).map { $0 < 128 ? Self.kind(classes[UInt32($0)]) : Kind.beyond }
  }

  private static func kind(_ bits: UInt32) -> UInt8 {
    if bits & ScalarClasses.letter != 0 { return Kind.letter }
    if bits & ScalarClasses.number != 0 { return Kind.number }
    return bits & ScalarClasses.space != 0 ? Kind.space : Kind.other
  }

  @inline(__always)
  private func kind(_ text: [UInt8], at position: inout Int) -> UInt8 {
    let kind = kinds[Int(text[position])]
    if kind != Kind.beyond {
      position += 1
      return kind
    }
    return Self.kind(classes[text.scalar(at: &position)])
  }

  /// Returns the end of the word with which `text[range]` begins.
  @inline(__always)
  func end(of text: [UInt8], _ range: Range<Int>) -> Int {
    var position = range.lowerBound
    let first = text[position]
    var kind = kind(text, at: &position)
    if first == UInt8(ascii: "'") {
      let end = contraction(text, range)
      if end > range.lowerBound { return end }
    }
    if kind == Kind.space {
      if first != 0x20 || position == range.upperBound { return spaces(text, range) }
      kind = self.kind(text, at: &position)
      if kind == Kind.space { return spaces(text, range) }
    }
    while position < range.upperBound {
      var next = position
      guard self.kind(text, at: &next) == kind else { break }
      position = next
    }
    return position
  }

  /// Whitespace up to the last before something else, which belongs to the next word if it is a space.
  private func spaces(_ text: [UInt8], _ range: Range<Int>) -> Int {
    var position = range.lowerBound
    var last = position
    while position < range.upperBound {
      var next = position
      guard kind(text, at: &next) == Kind.space else { return last > range.lowerBound ? last : position }
      (last, position) = (position, next)
    }
    return position
  }

  private func contraction(_ text: [UInt8], _ range: Range<Int>) -> Int {
    let start = range.lowerBound
    guard range.count > 1 else { return start }
    switch text[start + 1] {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case let one:
      guard range.count > 2 else { return start }
      switch (one, text[start + 2]) {
      case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
        (UInt8(ascii: "l"), UInt8(ascii: "l")):
        return start + 3
      default: return start
      }
    }
  }
}
