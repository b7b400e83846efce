/// A token that is looked for in the text itself, before the text is cut into words.
public struct AddedToken: Sendable, Equatable {
  public var content: String
  public var id: Int32
  /// Is one of those that the model treats specially; has no influence on ids.
  public var special = true
  /// Looked for in the normalised text, in normalised form.
  public var normalized = false
  /// Not found inside a word.
  public var singleWord = false
  /// Takes the whitespace before it.
  public var stripsLeft = false
  /// Takes the whitespace behind it.
  public var stripsRight = false

  public init(_ content: String, id: Int32) {
    self.content = content
    self.id = id
  }
}

/// Finds added tokens in UTF-8: from left to right, at each place the longest.
struct AddedTokenMatcher: Sendable {
  private let tokens: [(pattern: [UInt8], token: AddedToken)]
  private let begins: [Bool]  // by first byte
  private let table: ScalarTable

  init(_ tokens: [(pattern: [UInt8], token: AddedToken)], table: ScalarTable) {
    self.tokens = tokens.filter { !$0.pattern.isEmpty }.sorted { $0.pattern.count > $1.pattern.count }
    var begins = [Bool](repeating: false, count: 256)
    for (pattern, _) in self.tokens { begins[Int(pattern[0])] = true }
    self.begins = begins
    self.table = table
  }

  /// Calls `visit` with the parts of `text[range]` in order: an id, or `nil` and a part without added tokens.
  func split(_ text: [UInt8], _ range: Range<Int>, _ visit: (Int32?, Range<Int>) -> Void) {
    var start = range.lowerBound  // behind the last token
    var position = start
    while !tokens.isEmpty, position < range.upperBound {
      guard begins[Int(text[position])], let (pattern, token) = match(text, position..<range.upperBound) else {
        position += 1
        continue
      }
      var found = position..<position + pattern.count
      position = found.upperBound
      if token.singleWord,
        isWord(before: found.lowerBound, text, range) || isWord(at: found.upperBound, text, range)
      {
        continue
      }
      if token.stripsLeft {
        found = max(start, spaceStart(before: found.lowerBound, text, range))..<found.upperBound
      }
      if token.stripsRight { found = found.lowerBound..<spaceEnd(after: found.upperBound, text, range) }
      if start < found.lowerBound { visit(nil, start..<found.lowerBound) }
      visit(token.id, found)
      start = found.upperBound
    }
    if start < range.upperBound { visit(nil, start..<range.upperBound) }
  }

  private func match(_ text: [UInt8], _ range: Range<Int>) -> (pattern: [UInt8], token: AddedToken)? {
    tokens.first { text[range].starts(with: $0.pattern) }
  }

  private func isWord(at position: Int, _ text: [UInt8], _ range: Range<Int>) -> Bool {
    var position = position
    return position < range.upperBound && has(ScalarTable.Class.word, text.scalar(at: &position))
  }

  private func isWord(before position: Int, _ text: [UInt8], _ range: Range<Int>) -> Bool {
    position > range.lowerBound && isWord(at: scalarStart(before: position, text), text, range)
  }

  private func spaceStart(before position: Int, _ text: [UInt8], _ range: Range<Int>) -> Int {
    var position = position
    while position > range.lowerBound {
      let start = scalarStart(before: position, text)
      var next = start
      guard has(ScalarTable.Class.whitespace, text.scalar(at: &next)) else { break }
      position = start
    }
    return position
  }

  private func spaceEnd(after position: Int, _ text: [UInt8], _ range: Range<Int>) -> Int {
    var position = position
    while position < range.upperBound {
      var next = position
      guard has(ScalarTable.Class.whitespace, text.scalar(at: &next)) else { break }
      position = next
    }
    return position
  }

  private func scalarStart(before position: Int, _ text: [UInt8]) -> Int {
    var start = position - 1
    while text[start] & 0xC0 == 0x80 { start -= 1 }
    return start
  }

  private func has(_ bits: UInt32, _ scalar: UInt32) -> Bool { table.entries[Int(scalar)] & bits != 0 }
}
