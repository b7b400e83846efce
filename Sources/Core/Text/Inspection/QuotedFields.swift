/// Evidence that the fields of a TSV file are quoted, as pandas and spreadsheets do it, though quotation marks have no special meaning
/// there: marks in fields are doubled, all fields that have marks are enclosed in them, and none has a bare one.
package struct QuotedFields: Sendable, Equatable {
  private var hasDoubled = false
  private var hasBare = false

  package init() {}

  package var isQuoted: Bool { hasDoubled && !hasBare }

  package mutating func see(_ field: String) {
    let (bytes, mark) = (field.utf8, UInt8(ascii: "\""))
    guard !hasBare, bytes.contains(mark) else { return }
    guard bytes.count > 1, bytes.first == mark, bytes.last == mark else { return hasBare = true }
    var (run, hasMarks) = (0, false)
    for byte in bytes.dropFirst().dropLast() {
      if byte == mark {
        run += 1
        hasMarks = true
      } else if run % 2 == 1 {
        return hasBare = true
      } else {
        run = 0
      }
    }
    if run % 2 == 1 { hasBare = true } else if hasMarks { hasDoubled = true }
  }
}
