import DistillWordPiece

/// What the steps Replace and Split search for.
enum SearchPattern: Sendable {
  case text([UInt8])
  /// One character, or any whitespace if `scalar` is `nil`, at least `minimum` times, and at most once if `isRepeated`
  /// is false.
  case run(scalar: UInt32?, minimum: Int, isRepeated: Bool)
  /// The words of GPT-2's pattern, which are all of a text.
  case words

  static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// Reads a pattern: `{"String": "a"}` or `{"Regex": " {2,}"}`.
  init(_ place: FilePlace) throws {
    try place.only(["String", "Regex"])
    if place["String"].value != nil {
      self = .text(Array(try place["String"].string().utf8))
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

  private init?(regex: String) {
    if regex == Self.gpt2 {
      self = .words
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
    case "": self = .run(scalar: scalar, minimum: 1, isRepeated: false)
    case "+": self = .run(scalar: scalar, minimum: 1, isRepeated: true)
    case let count where count.hasPrefix("{") && count.hasSuffix(",}"):
      guard let minimum = Int(count.dropFirst().dropLast(2)), (1...1000).contains(minimum) else { return nil }
      self = .run(scalar: scalar, minimum: minimum, isRepeated: true)
    default: return nil
    }
  }

  /// Calls `visit` with all parts of `text[range]` in order, and whether they match.
  func forEachPart(of text: [UInt8], _ range: Range<Int>, _ visit: (Range<Int>, _ isMatch: Bool) -> Void) {
    var start = range.lowerBound  // the end of the last match
    var position = start
    let first = firstByte
    while position < range.upperBound {
      if let first, text[position] != first {
        position += 1
        continue
      }
      let end = matchEnd(text, position..<range.upperBound)
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

  /// The byte with which every match begins, if there is only one. It is never inside of a scalar.
  private var firstByte: UInt8? {
    switch self {
    case .text(let pattern): pattern.first
    case .run(let scalar?, _, _): scalar < 0x80 ? UInt8(scalar) : nil
    case .run, .words: nil
    }
  }

  /// Returns the end of a match at the beginning of a range, or the beginning if nothing matches there.
  private func matchEnd(_ text: [UInt8], _ range: Range<Int>) -> Int {
    switch self {
    case .text(let pattern):
      return text[range].starts(with: pattern) ? range.lowerBound + pattern.count : range.lowerBound
    case .words:
      return WordScanner.shared.end(of: text, range)
    case .run(let scalar, let minimum, let isRepeated):
      var (position, count) = (range.lowerBound, 0)
      while position < range.upperBound, isRepeated || count < 1 {
        var next = position
        let found = text.scalar(at: &next)
        guard scalar.map({ $0 == found }) ?? (ScalarClasses.shared[found] & ScalarClasses.space != 0) else { break }
        (position, count) = (next, count + 1)
      }
      return count >= minimum ? position : range.lowerBound
    }
  }

  var key: String {
    switch self {
    case .text(let bytes): "text \(bytes)"
    case .run(let scalar, let minimum, let isRepeated): "run \(scalar.map { "\($0)" } ?? "s") \(minimum) \(isRepeated)"
    case .words: "words"
    }
  }
}
