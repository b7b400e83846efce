import DistillCore

/// The last line of a terminal, which is drawn again and again.
struct RedrawnLine {
  /// The text on the line, which has no line feed yet.
  private var drawn = ""

  mutating func clear() { if !drawn.isEmpty { redraw { _ in "" } } }

  /// Draws as much of a text as the line has room for.
  mutating func draw(_ text: String) { redraw { ProgressLine.cut(text.escapingControls(), columns: $0 - 1) } }

  /// Replaces the text that was drawn last.
  ///
  /// `text` receives the current width of the terminal and must return fewer columns. A line of the full width could wrap, and
  /// then a carriage return would not go back to its beginning.
  mutating func redraw(_ text: (_ columns: Int) -> String) {
    let columns = StandardStream.error.columns ?? 80
    // If the terminal was made narrower since then, the old line now occupies several rows.
    let rows = max(0, ProgressLine.columns(of: drawn) - 1) / columns
    drawn = text(columns)
    Console.draw("\r" + String(repeating: "\u{1B}[A", count: rows) + "\u{1B}[J" + drawn)
  }
}
