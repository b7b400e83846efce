/// A single line of a terminal with a name, a progress bar and figures.
struct ProgressLine {
  /// The name of the activity.
  let what: String
  /// The part that is done, from 0 to 1.
  let share: Double
  let figures: String

  /// Returns the line in at most this many columns. If it is too long, the bar is left out first, and then the end of the text.
  func text(columns: Int) -> String {
    let (what, figures) = (what.escapingControls(), figures.escapingControls())
    let cells = min(24, columns - Self.columns(of: what + figures) - 4)
    let filled = Int(Double(cells) * min(max(share, 0), 1))
    let bar =
      cells < 4 ? " " : " [\(String(repeating: "█", count: filled))\(String(repeating: "·", count: cells - filled))] "
    return Self.cut(what + bar + figures, columns: columns)
  }

  /// Returns as much of a text as fits into a number of columns.
  static func cut(_ whole: String, columns: Int) -> String {
    var (text, left) = ("", columns)
    for character in whole {
      left -= Self.columns(of: character)
      if left < 0 { break }
      text.append(character)
    }
    return text
  }

  /// Returns the number of columns that a text occupies on a terminal.
  static func columns(of text: String) -> Int { text.reduce(0) { $0 + columns(of: $1) } }

  /// Returns the number of rows that a text occupies on a terminal of a number of columns, at least 1. A character of two columns
  /// is not divided, so that a row may have a column that stays empty.
  static func rows(of text: String, columns: Int) -> Int {
    var (rows, used) = (1, 0)
    for character in text {
      let width = self.columns(of: character)
      if used + width > columns { (rows, used) = (rows + 1, 0) }
      used += width
    }
    return rows
  }

  /// An emoji that is composed of several, such as a family, counts as many columns as its parts, because not every terminal can
  /// join them.
  private static func columns(of character: Character) -> Int {
    let isEmoji = character.unicodeScalars.contains("\u{FE0F}")
    return max(isEmoji ? 2 : 0, character.unicodeScalars.reduce(0) { $0 + columns(of: $1) })
  }

  /// Characters of East Asian scripts and emoji occupy two columns. A mark occupies none of its own.
  private static func columns(of scalar: Unicode.Scalar) -> Int {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    switch scalar.value {
    case 0x1160...0x11FF: return 0  // vowels and last consonants of Korean syllables
    case 0x1F1E6...0x1F1FF: return 1  // two of these are a flag
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      return 2
    default: return scalar.properties.isEmojiPresentation ? 2 : 1
    }
  }
}
