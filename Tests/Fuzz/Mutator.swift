/// Makes mutants of files: of any bytes, of lines of text, and of safetensors with a header that still fits its length.
struct Mutator {
  var random: SeededRandom
  let dictionary: [[UInt8]]
  /// Another member of the corpus, to splice with.
  let other: [UInt8]

  private static let sizeLimit = 1 << 20
  private static let integers: [Int64] = [
    0, 1, -1, 2, 7, 63, 64, 127, 128, 255, 256, 511, 512, 65_535, 65_536, 1 << 20, 1 << 24, 1 << 31, (1 << 31) - 1,
    -(1 << 31), 1 << 32, 1 << 40, 1 << 53, 1 << 62, .max, .max - 1, .min,
  ]
  private static let numbers: [String] =
    integers.map(String.init) + [
      "9223372036854775808", "18446744073709551615", "18446744073709551616", "1e308", "1e309", "-1e309", "1e-320",
      "0.1",
      "-0", "-0.0", "NaN", ".nan", ".inf", "-.inf", "inf", "Infinity", "1e", "0x10", "1_000", "00", "1.", ".5", "+1",
      String(repeating: "9", count: 400),
    ]
  /// Not UTF-8, not a character, a mark of byte order, nothing, accents without a letter, right to left, and signs that
  /// several formats know.
  private static let texts: [[UInt8]] =
    [
      [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xEF, 0xBB, 0xBF], [0], [0x0D], [0x0D, 0x0A],
      [0x0B], [0x0C], [0x1B], [0x7F], [0xC2, 0x85],
    ]
    + [
      "\u{2028}", "\u{301}", "e\u{301}\u{301}\u{301}", "\u{1F468}\u{200D}\u{1F469}", "\u{FFFE}", "\u{10FFFF}",
      "\u{202E}",
      "\u{4E00}", "İ", "ß", "ﬁ", "\\u0000", "\\ud800", "\\ud83d\\ude00", "\\", "\"", "'", "[", "]", "{", "}", "[]",
      "{}",
      ":", ",", "\n", "\t", " ", "#", "&a", "*a", "<<: *a", "!!int", "|", ">", "- ", "---\n", "...", "${A}", "$",
      "null",
      "true", "~",
    ].map { Array($0.utf8) }

  mutating func mutant(of bytes: [UInt8], isTensors: Bool) -> [UInt8] {
    if isTensors, !random.oneIn(3), let mutant = tensors(bytes) { return mutant }
    return anything(bytes)
  }

  private mutating func anything(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<random.few() where bytes.count < Self.sizeLimit { change(&bytes) }
    return bytes
  }

  private mutating func range(_ count: Int, most: Int) -> Range<Int> {
    let start = random.below(count + 1)
    return start..<min(count, start + random.below(most))
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    let place = random.below(bytes.count)
    switch random.below(16) {
    case 0: if !bytes.isEmpty { bytes[place] ^= 1 << UInt8(random.below(8)) }
    case 1: if !bytes.isEmpty { bytes[place] = UInt8(random.below(256)) }
    case 2: bytes.removeSubrange(range(bytes.count, most: random.oneIn(4) ? bytes.count + 1 : 16))
    case 3: bytes.removeSubrange(random.below(bytes.count + 1)...)
    case 4:  // a piece again, perhaps many times
      let piece = Array(bytes[range(bytes.count, most: 64)])
      let times = random.oneIn(8) ? random.below(2000) : random.few()
      let copies = repeatElement(piece, count: times).joined()
      bytes.insert(contentsOf: copies, at: random.below(bytes.count + 1))
    case 5:  // a piece of another file
      let piece = other[range(other.count, most: random.oneIn(3) ? other.count + 1 : 64)]
      let place = random.below(bytes.count + 1)
      bytes.replaceSubrange(place..<min(bytes.count, random.oneIn(2) ? place : place + piece.count), with: piece)
    case 6:  // the end of another file
      bytes = bytes.prefix(random.below(bytes.count + 1)) + other.suffix(random.below(other.count + 1))
    case 7: integer(&bytes)
    case 8, 9: number(&bytes)
    case 10: bytes.insert(contentsOf: random.pick(Self.texts), at: random.below(bytes.count + 1))
    case 11, 12:
      if dictionary.isEmpty { return change(&bytes) }
      let token = random.pick(dictionary)
      let place = random.below(bytes.count + 1)
      bytes.replaceSubrange(place..<min(bytes.count, random.oneIn(2) ? place : place + token.count), with: token)
    case 13: lines(&bytes)
    case 14:  // nesting
      let token = random.pick(["[", "{", "{\"a\":", "[[", "- ", "? ", "a: ", "{a: ", "\"", "\n "])
      let times = random.oneIn(4) ? random.below(20_000) : random.below(200)
      bytes.insert(
        contentsOf: repeatElement(Array(token.utf8), count: times).joined(), at: random.below(bytes.count + 1))
    default: word(&bytes)
    }
  }

  /// Overwrites 1, 2, 4 or 8 bytes with a whole number.
  private mutating func integer(_ bytes: inout [UInt8]) {
    let value = random.pick(Self.integers)
    let width = 1 << random.below(4)
    let place = random.oneIn(3) ? 0 : random.below(bytes.count)
    for offset in 0..<width where place + offset < bytes.count {
      bytes[place + offset] = UInt8(truncatingIfNeeded: value >> Int64(8 * offset))
    }
  }

  /// The word or number at some place: letters, digits and what belongs to them.
  private mutating func word(in bytes: [UInt8], where belongs: (UInt8) -> Bool) -> Range<Int>? {
    let start = random.below(bytes.count)
    guard let first = bytes[start...].prefix(4096).firstIndex(where: belongs) else { return nil }
    var (low, high) = (first, first)
    while low > 0, belongs(bytes[low - 1]) { low -= 1 }
    while high < bytes.count, belongs(bytes[high]) { high += 1 }
    return low..<high
  }

  private mutating func number(_ bytes: inout [UInt8]) {
    guard let range = word(in: bytes, where: { (0x30...0x39).contains($0) }) else { return }
    bytes.replaceSubrange(range, with: Array(random.pick(Self.numbers).utf8))
  }

  /// A word in place of another one.
  private mutating func word(_ bytes: inout [UInt8]) {
    func isWord(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) || byte == 0x5F || byte == 0x2D }
    guard let old = word(in: bytes, where: isWord), let new = word(in: bytes, where: isWord) else { return }
    let replacement = random.oneIn(4) ? Array(random.pick(Self.numbers).utf8) : Array(bytes[new])
    bytes.replaceSubrange(old, with: replacement)
  }

  /// A line is dropped, doubled, moved or indented.
  private mutating func lines(_ bytes: inout [UInt8]) {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    let (one, two) = (random.below(lines.count), random.below(lines.count))
    switch random.below(4) {
    case 0: lines.remove(at: one)
    case 1: lines.insert(contentsOf: repeatElement(lines[one], count: random.few()), at: two)
    case 2: lines.swapAt(one, two)
    default: lines[one].insert(contentsOf: repeatElement(0x20, count: random.few()), at: 0)
    }
    bytes = Array(lines.joined(separator: [0x0A]))
  }

  /// Changes the header of a safetensors file as the text that it is, and says its new length; or its length; or its data.
  private mutating func tensors(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count > 8 else { return nil }
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length > 0, length <= bytes.count - 8 else { return nil }
    var header = Array(bytes[8..<8 + length])
    var data = Array(bytes[(8 + length)...])
    if random.oneIn(6) {
      // Numbers that are not, or hardly are; bytes of which the header says what they are.
      for _ in 0..<random.few() where data.count >= 8 {
        let place = random.below(data.count / 4) * 4
        let bits = random.pick(
          [0x7FC0_0000, 0x7F80_0000, 0xFF80_0000, 1, 0x8000_0000, 0x7F7F_FFFF, 0xFFFF_FFFF] as [UInt32])
        for offset in 0..<4 { data[place + offset] = UInt8(truncatingIfNeeded: bits >> UInt32(8 * offset)) }
      }
    } else if random.oneIn(2) {
      for _ in 0..<random.few() { number(&header) }  // its JSON stays whole
    } else {
      header = anything(header)
      if random.oneIn(4) { data.removeLast(min(data.count, random.below(64))) }
      if random.oneIn(8) { data += repeatElement(0, count: random.below(64)) }
    }
    let size = UInt64(header.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: size >> UInt64(8 * $0)) } + header + data
  }
}
