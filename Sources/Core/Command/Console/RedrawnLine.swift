import DistillCore

/// The last line of a terminal, which is drawn again and again.
struct RedrawnLine {
  /// The text on the line, which has no line feed yet.
  private var drawn = ""

  var isEmpty: Bool { drawn.isEmpty }

  /// Returns what must be written to the terminal to replace the text that was drawn last.
  ///
  /// - Parameters:
  ///   - text: The new text. It must occupy fewer columns than the terminal has, because a carriage return does not go back to the
  ///     beginning of a line that has wrapped.
  ///   - columns: The current width of the terminal.
  mutating func replacement(_ text: String, columns: Int) -> String {
    if drawn.isEmpty && text.isEmpty { return "" }
    // If the terminal was made narrower since then, it has wrapped the old line into several rows, as nearly all terminals do.
    let rows = ProgressLine.rows(of: drawn, columns: columns)
    drawn = text
    return "\r" + String(repeating: "\u{1B}[A", count: rows - 1) + "\u{1B}[J" + text
  }
}
