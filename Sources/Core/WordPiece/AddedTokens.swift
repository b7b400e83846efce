/// A token that is searched in the text itself before the text is split into words.
///
/// The properties are those of Hugging Face `tokenizers`.
public struct AddedToken: Sendable, Equatable {
  public var content: String
  public var id: Int32
  /// Whether the token is one of those that the model treats specially. This does not affect the ids.
  public var special = true
  /// Whether the token is searched in the normalised text, in its normalised form.
  public var normalized = false
  /// Whether the token is only found as a whole word, not inside one.
  public var singleWord = false
  /// Whether the token includes the whitespace before it.
  public var stripsLeft = false
  /// Whether the token includes the whitespace after it.
  public var stripsRight = false

  public init(_ content: String, id: Int32) {
    self.content = content
    self.id = id
  }
}

/// Finds added tokens in UTF-8 text from left to right. If several begin at the same place, the longest is found.
package struct AddedTokenMatcher: Sendable {
  private let tokens: [(pattern: [UInt8], token: AddedToken)]
  private let begins: [Bool]  // indexed by first byte
  private let table: ScalarTable

  package init(_ tokens: [(pattern: [UInt8], token: AddedToken)], table: ScalarTable) {
    self.tokens = tokens.filter { !$0.pattern.isEmpty }.sorted { $0.pattern.count > $1.pattern.count }
    var begins = [Bool](repeating: false, count: 256)
    for (pattern, _) in self.tokens { begins[Int(pattern[0])] = true }
    self.begins = begins
    self.table = table
  }

  /// Splits `text[range]` at added tokens.
  ///
  /// `visit` receives the parts in order: the id of an added token and its range, or `nil` and a range without added tokens.
  package func split(_ text: [UInt8], _ range: Range<Int>, _ visit: (Int32?, Range<Int>) -> Void) {
    var start = range.lowerBound  // the end of the last token
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
    tokens.indices.first { text.has(tokens[$0].pattern, in: range) }.map { tokens[$0] }
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
