extension String {
  /// This text with what could break a line or drive a terminal spelt out: `\t`, `\n`, `\u{1B}`.
  /// - Parameter lines: whether line feeds may stay.
  package func escapingControls(except lines: Bool = false) -> String {
    unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator:
        text += lines && scalar == "\n" ? "\n" : scalar.escaped(asASCII: true)
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}
