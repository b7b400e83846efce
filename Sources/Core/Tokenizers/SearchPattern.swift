import DistillWordPiece

/// What the steps Replace and Split search for.
struct SearchPattern: Sendable {
  private enum Kind {
    case text([UInt8])
    /// One character, or any whitespace if `scalar` is `nil`, at least `minimum` times, and at most once if `isRepeated`
    /// is false.
    case run(scalar: UInt32?, minimum: Int, isRepeated: Bool)
    /// The words of GPT-2's pattern, which are all of a text.
    case words
  }
  private let kind: Kind
  /// For each byte, whether a match may begin with it. The others are skipped without a look at the scalar that they belong to.
  private let mayBegin: [Bool]

  static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// Reads a pattern: `{"String": "a"}` or `{"Regex": " {2,}"}`.
  init(_ place: FilePlace) throws {
    try place.only(["String", "Regex"])
    if place["String"].value != nil {
      self.init(.text(Array(try place["String"].string().utf8)))
      return
    }
    let regex = try place["Regex"].string()
    guard let pattern = Self(regex: regex) else {
      throw place["Regex"].error(
        "'\(regex)' is not supported; supported are one character or \\s, \\n, \\r or \\t, as it is or with + or {2,}, and "
          + "GPT-2's pattern")
    }
    self = pattern
  }

  private init(_ kind: Kind) {
    self.kind = kind
    var bytes: [UInt8] = []
    switch kind {
    case .text(let pattern): bytes = pattern
    case .run(let scalar?, _, _): bytes.append(scalar: scalar)
    case .run, .words: break
    }
    mayBegin = (0..<256).map { byte in
      switch kind {
      case .text, .run(.some, _, _): bytes.first == UInt8(byte)
      case .run: byte >= 0x80 || ScalarClasses.shared[UInt32(byte)] & ScalarClasses.space != 0
      case .words: true
      }
    }
  }

  private init?(regex: String) {
    if regex == Self.gpt2 {
      self.init(.words)
      return
    }
    var rest = Substring(regex).unicodeScalars
    guard let first = rest.popFirst() else { return nil }
    var scalar: UInt32? = first.value
    if first == "\\" {
      switch rest.popFirst() {
      case "s": scalar = nil
      case "n": scalar = 0x0A
      case "r": scalar = 0x0D
      case "t": scalar = 0x09
      case let mark? where ".^$*+?()[]{}|\\/-".unicodeScalars.contains(mark): scalar = mark.value
      default: return nil
      }
    } else if ".^$*+?()[]{}|".unicodeScalars.contains(first) {
      return nil
    }
    switch String(rest) {
    case "": self.init(.run(scalar: scalar, minimum: 1, isRepeated: false))
    case "+": self.init(.run(scalar: scalar, minimum: 1, isRepeated: true))
    case let count where count.hasPrefix("{") && count.hasSuffix(",}"):
      guard let minimum = Int(count.dropFirst().dropLast(2)), (1...1000).contains(minimum) else { return nil }
      self.init(.run(scalar: scalar, minimum: minimum, isRepeated: true))
    default: return nil
    }
  }

  /// Calls `visit` with all parts of `text[range]` in order, and whether they match.
  @inline(__always)
  func forEachPart(of text: [UInt8], _ range: Range<Int>, _ visit: (Range<Int>, _ isMatch: Bool) -> Void) {
    switch kind {
    case .text(let pattern):
      scan(text, range, visit) { text.has(pattern, in: $0) ? $0.lowerBound + pattern.count : $0.lowerBound }
    case .words:
      let scanner = WordScanner.shared
      scan(text, range, visit) { scanner.end(of: text, $0) }
    case .run(let scalar, let minimum, let isRepeated):
      let classes = ScalarClasses.shared
      scan(text, range, visit) { range in
        var (position, count) = (range.lowerBound, 0)
        while position < range.upperBound, isRepeated || count < 1 {
          var next = position
          let found = text.scalar(at: &next)
          guard scalar.map({ $0 == found }) ?? (classes[found] & ScalarClasses.space != 0) else { break }
          (position, count) = (next, count + 1)
        }
        return count >= minimum ? position : range.lowerBound
      }
    }
  }

  /// Goes through a text from match to match.
  ///
  /// - `matchEnd`: The end of a match at the beginning of a range, or the beginning if nothing matches there.
  @inline(__always)
  private func scan(
    _ text: [UInt8], _ range: Range<Int>, _ visit: (Range<Int>, Bool) -> Void, _ matchEnd: (Range<Int>) -> Int
  ) {
    var start = range.lowerBound  // the end of the last match
    var position = start
    while position < range.upperBound {
      guard mayBegin[Int(text[position])] else {
        position += 1
        continue
      }
      let end = matchEnd(position..<range.upperBound)
      guard end > position else {
        _ = text.scalar(at: &position)
        continue
      }
      if start < position { visit(start..<position, false) }
      visit(position..<end, true)
      (start, position) = (end, end)
    }
    if start < range.upperBound { visit(start..<range.upperBound, false) }
  }

  var key: String {
    switch kind {
    case .text(let bytes): "text \(bytes)"
    case .run(let scalar, let minimum, let isRepeated): "run \(scalar.map { "\($0)" } ?? "s") \(minimum) \(isRepeated)"
    case .words: "words"
    }
  }
}
